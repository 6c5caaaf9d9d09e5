#include "privacy/secagg/server/answers.h"

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

class AnswersTest : public testing::Test {
 protected:
  AnswersTest() {
    script.Advertise();
    script.Share();
    script.Mask(Without(Range(8), {1}));
    script.Agree(Without(script.server->u3(), {6}));
    for (const Member m : Range(8)) {
      answers.push_back(m == 1 || m == 6 ? UnmaskMessage{}
                                         : *script.clients[m]->OnUnmask(*script.server->UnmaskRequestFor(m)));
    }
  }
  SecAggScript script{{.n = 8}};
  std::vector<UnmaskMessage> answers;
};

TEST_F(AnswersTest, TAnswersOpenTheSum) {
  EXPECT_EQ(script.server->waiting_for(), (Members{0, 2, 3, 4, 5, 7}));
  for (const Member m : {0u, 2u, 3u, 4u, 5u}) EXPECT_TRUE(script.server->OnUnmask(m, answers[m]).ok());
  EXPECT_FALSE(script.server->can_unmask());
  EXPECT_TRUE(script.server->OnUnmask(7, answers[7]).ok());
  EXPECT_TRUE(script.server->OnUnmask(7, answers[7]).ok()) << "repeated";
  EXPECT_TRUE(script.server->can_unmask());
  EXPECT_EQ(script.OpenSum(), script.ExpectedSum());
  EXPECT_TRUE(FailsWith(script.server->OnUnmask(5, answers[5]), errors::kSecAggMessage)) << "after the end";
}

TEST_F(AnswersTest, TooFewEndTheAttempt) {
  for (const Member m : {0u, 2u, 3u, 4u, 5u}) ASSERT_TRUE(script.server->OnUnmask(m, answers[m]).ok());
  EXPECT_EQ(script.OpenSum(), std::nullopt);
  EXPECT_TRUE(FailsWith(script.last_error, errors::kSecAggFloor));
  EXPECT_EQ(script.server->phase(), Server::Phase::kFailed);
}

TEST_F(AnswersTest, OnlyWhoWasAskedAnswers) {
  EXPECT_TRUE(FailsWith(script.server->OnUnmask(6, answers[5]), errors::kSecAggMember));
  EXPECT_TRUE(FailsWith(script.server->OnUnmask(1, answers[5]), errors::kSecAggMember));
  EXPECT_TRUE(FailsWith(script.server->OnUnmask(4, answers[5]), errors::kSecAggMember)) << "another's";
  UnmaskMessage unsigned_one = answers[5];
  unsigned_one.signature = {};
  EXPECT_TRUE(FailsWith(script.server->OnUnmask(5, unsigned_one), errors::kSecAggMember));
  EXPECT_TRUE(script.server->OnUnmask(5, answers[5]).ok());
  EXPECT_TRUE(FailsWith(script.server->OnUnmask(5, unsigned_one), errors::kSecAggMessage)) << "a second one";
}

TEST_F(AnswersTest, AnswersBeforeTheQuestionAreRefused) {
  SecAggScript early({.n = 8});
  early.Advertise();
  early.Share();
  early.Mask(Without(Range(8), {1}));
  EXPECT_TRUE(FailsWith(early.server->OnUnmask(5, answers[5]), errors::kSecAggMessage));
}

}  // namespace
}  // namespace cairn::secagg
