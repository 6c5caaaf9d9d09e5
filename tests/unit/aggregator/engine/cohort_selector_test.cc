#include "aggregator/engine/cohort_selector.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cairn {
namespace {

std::vector<ClientId> Clients(std::uint64_t n) {
  std::vector<ClientId> clients;
  for (std::uint64_t i = 0; i < n; ++i) clients.push_back({i});
  return clients;
}

RandomStream Stream(std::uint64_t round) { return SeededRandom(5).Open({Purpose::kSelect, round}); }

TEST(SelectCohortTest, TargetZeroInvitesEveryone) {
  const auto available = Clients(7);
  const CohortPlan plan = SelectCohort({}, available, Stream(1));
  EXPECT_EQ(plan.invited, available);
  EXPECT_EQ(plan.goal, 7u);
  EXPECT_EQ(plan.min_reports, 7u);
}

TEST(SelectCohortTest, OverSelectionInvitesMoreThanTheGoal) {
  CohortConfig config;
  config.target = 10;
  config.over_selection = 0.25;
  const CohortPlan plan = SelectCohort(config, Clients(100), Stream(1));
  EXPECT_EQ(plan.invited.size(), 13u);
  EXPECT_EQ(plan.goal, 10u);
}

TEST(SelectCohortTest, InvitedAreDistinctAndAscending) {
  CohortConfig config;
  config.target = 30;
  const auto invited = SelectCohort(config, Clients(100), Stream(1)).invited;
  EXPECT_EQ(invited.size(), 30u);
  EXPECT_TRUE(std::is_sorted(invited.begin(), invited.end()));
  EXPECT_EQ(std::adjacent_find(invited.begin(), invited.end()), invited.end());
}

TEST(SelectCohortTest, EveryClientIsEquallyLikely) {
  CohortConfig config;
  config.target = 10;
  std::vector<int> seen(50);
  for (std::uint64_t round = 0; round < 5000; ++round) {
    for (const ClientId client : SelectCohort(config, Clients(50), Stream(round)).invited)
      ++seen[client.value];
  }
  // Mean 1000, standard deviation 28: six of them fail once in some ten million runs of 50 cells.
  for (const int count : seen) EXPECT_NEAR(count, 1000, 170);
}

}  // namespace
}  // namespace cairn
