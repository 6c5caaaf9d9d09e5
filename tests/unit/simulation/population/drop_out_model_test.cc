#include "simulation/population/drop_out_model.h"

#include <gtest/gtest.h>

#include <array>

namespace cairn {
namespace {

TEST(DropOutModelTest, LosesTheShareAskedForAtEachPlaceAlike) {
  const SeededRandom random(3);
  const DropOutModel model{0.2};
  constexpr int kSites = 20'000;
  std::array<int, 4> at{};
  for (std::uint64_t client = 0; client < kSites; ++client) {
    if (const auto place = model.Of(random, RoundId{1}, 1, {client})) ++at[static_cast<std::size_t>(*place)];
  }
  for (const int lost : at) EXPECT_NEAR(lost, 0.05 * kSites, 6 * 30.8);  // six standard deviations
}

TEST(DropOutModelTest, EveryRoundAttemptSiteAndSeedDrawsForItself) {
  const DropOutModel model{0.5};
  const SeededRandom random(3), other(4);
  int round = 0, attempt = 0, site = 0, seed = 0;
  for (std::uint64_t client = 0; client < 400; ++client) {
    const auto here = model.Of(random, RoundId{1}, 1, {client});
    EXPECT_EQ(model.Of(random, RoundId{1}, 1, {client}), here);
    round += model.Of(random, RoundId{2}, 1, {client}) != here;
    attempt += model.Of(random, RoundId{1}, 2, {client}) != here;
    site += model.Of(random, RoundId{1}, 1, {client + 400}) != here;
    seed += model.Of(other, RoundId{1}, 1, {client}) != here;
  }
  for (const int differs : {round, attempt, site, seed}) EXPECT_GT(differs, 200);  // 5/8 are expected to
}

TEST(DropOutModelTest, LosesNobodyUnlessAskedTo) {
  const SeededRandom random(3);
  for (std::uint64_t client = 0; client < 1000; ++client)
    EXPECT_FALSE(DropOutModel{}.Of(random, RoundId{1}, 1, {client}).has_value());
}

}  // namespace
}  // namespace cairn
