#include "client/agent/agent_journal.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

WallTime At(int seconds) { return WallTime(std::chrono::seconds(1'800'000'000 + seconds)); }

EgressEntry Egress(std::uint64_t round, std::uint64_t job = 1) {
  EgressEntry entry;
  entry.key = {JobId{job}, RoundId{round}, 1};
  entry.bytes = 12;
  entry.object.size = 12;
  entry.object.sha256[0] = std::byte{7};
  entry.file.size = 200;
  entry.destination = "agg.example.org:8443";
  return entry;
}

std::vector<JournalEntry> OneOfEach() {
  return {{At(1), Egress(4)},
          {At(2), ReleasedEntry{{JobId{1}, RoundId{4}, 1}}},
          {At(3), AnsweredEntry{JobId{9}, "d1", JobAnswer::kPending, errors::kPolicyWaiting}},
          {At(4), JobApproval{"d1", "cardio", ApprovalDecision::kWithdrawn, "uid 7"}},
          {At(5), StoppedJob{{JobId{9}, RoundId{4}, 2}, "d1", {}}}};
}

TEST(AgentJournalTest, EveryKindReadsBackAsItWasWritten) {
  for (const JournalEntry& entry : OneOfEach()) {
    const auto again = DecodeEntry(EncodeEntry(entry));
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    EXPECT_EQ(*again, entry);
  }
}

TEST(AgentJournalTest, CutOrLengthenedEntriesAreRefused) {
  for (const JournalEntry& entry : OneOfEach()) {
    std::vector<std::byte> bytes = EncodeEntry(entry);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(DecodeEntry(std::span(bytes).first(size)).status().id(), errors::kStorageCorrupt);
    }
    bytes.push_back(std::byte{0});
    EXPECT_EQ(DecodeEntry(bytes).status().id(), errors::kStorageCorrupt);
  }
}

TEST(AgentJournalTest, UnknownKindsAndValuesAreRefused) {
  const std::size_t kind_at = 4 + std::string_view("cairn-agent-1").size();
  for (const JournalEntry& entry : OneOfEach()) {
    std::vector<std::byte> bytes = EncodeEntry(entry);
    bytes[kind_at] = std::byte{99};
    EXPECT_FALSE(DecodeEntry(bytes).ok());
  }
  std::vector<std::byte> answered = EncodeEntry(OneOfEach()[2]);
  answered[answered.size() - 3] = std::byte{9};  // the answer, before the reason's two bytes
  EXPECT_FALSE(DecodeEntry(answered).ok());
}

TEST(AgentJournalTest, TimeOutsideTheCalendarIsRefused) {
  const std::size_t time_at = 4 + std::string_view("cairn-agent-1").size() + 1;
  std::vector<std::byte> bytes = EncodeEntry(OneOfEach()[0]);
  bytes[time_at + 7] = std::byte{0x7f};
  EXPECT_EQ(DecodeEntry(bytes).status().id(), errors::kStorageCorrupt);
}

TEST(AgentHistoryTest, ReportIsOpenUntilReleasedOrReplacedByTheNextOfItsJob) {
  AgentHistory history;
  history.Add({At(1), Egress(1)});
  history.Add({At(2), Egress(1, 2)});
  history.Add({At(3), Egress(2)});
  ASSERT_EQ(history.open_reports().size(), 2u);
  history.Add({At(4), ReleasedEntry{Egress(2).key}});
  ASSERT_EQ(history.open_reports().size(), 1u);
  EXPECT_EQ(history.open_reports()[0].key.job, JobId{2});
}

TEST(AgentHistoryTest, LastDecisionOfADigestCounts) {
  AgentHistory history;
  history.Add({At(1), JobApproval{"d1", "a", ApprovalDecision::kApproved}});
  history.Add({At(2), JobApproval{"d1", "a", ApprovalDecision::kWithdrawn}});
  ASSERT_EQ(history.approvals().size(), 1u);
  EXPECT_EQ(history.approvals()[0].decision, ApprovalDecision::kWithdrawn);
}

TEST(AgentHistoryTest, EgressIsListedFromAGivenTime) {
  AgentHistory history;
  history.Add({At(1), Egress(1)});
  history.Add({At(5), Egress(2)});
  EXPECT_EQ(history.EgressSince(At(0)).size(), 2u);
  EXPECT_EQ(history.EgressSince(At(5)).size(), 1u);
  EXPECT_EQ(history.EgressSince(At(6)).size(), 0u);
}

}  // namespace
}  // namespace cairn
