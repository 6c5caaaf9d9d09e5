// A job whose sites refuse a sum, so near to an earlier one: it pauses at once instead of wearing out its
// attempts.
#include <set>

#include "tests/unit/simulation/engine/grouped_federation.h"

namespace cairn {
namespace {

// Nine sites in three groups, all of which are needed. Some sites say no where they should agree.
class RefusingFederation final : public GroupedFederation {
 public:
  explicit RefusingFederation(bool can_pause = true)
      : GroupedFederation({.sites = 9, .attempts = 3, .can_pause = can_pause}) {}

  ClientMessage Said(std::size_t site, ClientMessage message) override {
    const auto* masking = std::get_if<MaskingToServer>(&message);
    const bool is_vote =
        masking != nullptr && std::holds_alternative<secagg::AgreementMessage>(masking->body);
    if (!is_vote || !refusing.contains(site)) return message;
    return RoundDecline{masking->key, errors::kSecAggSums.value, "too near to one that was answered"};
  }
  void Run() {
    Begin();
    GoOn();
  }
  void GoOn() {
    for (int waits = 0; waits < 100 && !ended() && engine().phase() != JobEngine::Phase::kPaused; ++waits) {
      while (Step()) {
      }
      if (!ended() && engine().phase() != JobEngine::Phase::kPaused) Wait();
    }
  }
  std::size_t Opened() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        records, [](const Record& record) { return std::holds_alternative<RoundOpened>(record.body); }));
  }

  std::set<std::size_t> refusing;
};

TEST(PausedJobTest, JobPausesInItsFirstAttemptWhenSitesRefuseTheSum) {
  RefusingFederation federation;
  federation.refusing = {0};
  federation.Run();
  EXPECT_FALSE(federation.ended());
  ASSERT_NE(federation.snapshot().paused, nullptr);
  EXPECT_EQ(federation.snapshot().paused->reason_id, errors::kSecAggSums.value);
  EXPECT_EQ(federation.snapshot().paused->key, (RoundKey{JobId{1}, RoundId{1}, 1}));
  EXPECT_EQ(federation.snapshot().open, nullptr);
  EXPECT_EQ(federation.Opened(), 1u);
  EXPECT_EQ(federation.fault, "");
}

TEST(PausedJobTest, ResumedJobGoesOnWithTheNextAttemptAndEnds) {
  RefusingFederation federation;
  federation.refusing = {0};
  federation.Run();
  ASSERT_NE(federation.snapshot().paused, nullptr);
  federation.refusing.clear();
  federation.Resume();
  federation.GoOn();
  ASSERT_TRUE(federation.ended());
  EXPECT_EQ(federation.end()->outcome, JobOutcome::kFinished);
  ASSERT_EQ(federation.committed.size(), 1u);
  EXPECT_EQ(federation.committed[0].summary.key.attempt, 2u);
}

TEST(PausedJobTest, SitesThatRefuseForEverPauseTheResumedJobAgain) {
  RefusingFederation federation;
  federation.refusing = {0};
  federation.Run();
  for (std::uint32_t attempt = 2; attempt <= 5; ++attempt) {
    federation.Resume();
    federation.GoOn();
    ASSERT_NE(federation.snapshot().paused, nullptr);
    EXPECT_EQ(federation.snapshot().paused->key.attempt, attempt);
  }
}

TEST(PausedJobTest, WhereNobodyCouldResumeItTheJobFails) {
  RefusingFederation federation(false);
  federation.refusing = {0};
  federation.Run();
  ASSERT_TRUE(federation.ended());
  EXPECT_EQ(federation.end()->outcome, JobOutcome::kFailed);
  EXPECT_EQ(federation.Opened(), 3u);
}

}  // namespace
}  // namespace cairn
