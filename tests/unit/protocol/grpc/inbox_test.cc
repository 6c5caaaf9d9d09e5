#include "protocol/grpc/inbox.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

constexpr JobId kJob{7};

RoundClosed Closed(std::uint64_t round) { return {{kJob, {round}, 1}, false}; }
RoundPlan PlanOf(std::uint64_t round) {
  RoundPlan plan;
  plan.key = {kJob, {round}, 1};
  return plan;
}

TEST(InboxTest, MessagesComeOutInTheOrderTheyWentIn) {
  Inbox inbox;
  ASSERT_TRUE(inbox.Push(Closed(1), 10).ok());
  ASSERT_TRUE(inbox.Push(Closed(2), 10).ok());
  EXPECT_EQ(std::get<RoundClosed>(inbox.Pop()).key, Closed(1).key);
  EXPECT_EQ(std::get<RoundClosed>(inbox.front()).key, Closed(2).key);
  inbox.Pop();
  EXPECT_TRUE(inbox.empty());
}

TEST(InboxTest, FullInboxRefusesAndTakesAgainOnceOneIsRead) {
  Inbox inbox;
  for (std::size_t i = 0; i < Inbox::kMaxMessages; ++i) ASSERT_TRUE(inbox.Push(Closed(i), 10).ok());
  EXPECT_EQ(inbox.Push(Closed(0), 10).id(), errors::kNetLost);
  inbox.Pop();
  EXPECT_TRUE(inbox.Push(Closed(0), 10).ok());
}

TEST(InboxTest, BytesAreBoundedWhateverTheNumberOfMessages) {
  Inbox inbox;
  ASSERT_TRUE(inbox.Push(Closed(1), Inbox::kMaxBytes).ok());
  EXPECT_EQ(inbox.Push(Closed(2), 1).id(), errors::kNetLost);
  inbox.Pop();
  EXPECT_TRUE(inbox.Push(Closed(2), 1).ok());
  EXPECT_EQ(inbox.Push(Closed(3), Inbox::kMaxBytes).id(), errors::kNetLost);
}

TEST(InboxTest, PlanOfAClosedAttemptGoesAndGivesItsBytesBack) {
  Inbox inbox;
  ASSERT_TRUE(inbox.Push(PlanOf(1), Inbox::kMaxBytes - 1).ok());
  ASSERT_TRUE(inbox.Push(PlanOf(2), 1).ok());
  inbox.DropPlansOf(PlanOf(1).key);
  EXPECT_EQ(std::get<RoundPlan>(inbox.front()).key, PlanOf(2).key);
  EXPECT_TRUE(inbox.Push(Closed(1), Inbox::kMaxBytes - 1).ok());
}

}  // namespace
}  // namespace cairn
