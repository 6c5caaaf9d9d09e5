#include "protocol/messages/private_round.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

JobSpec Job(std::uint32_t batch, std::uint32_t epochs = 1, std::uint32_t steps = 0) {
  JobSpec spec;
  spec.privacy.emplace();
  spec.privacy->clip = 0.5;
  spec.privacy->noise_multiplier = 1.5;
  spec.train.batch = batch;
  spec.train.epochs = epochs;
  spec.train.steps = steps;
  return spec;
}

TEST(PrivateRoundTest, SixtyFourOfFourThousandArePricedAsThePlanSays) {
  const PrivateRound round = PrivateRoundOf(Job(64), 4000).value();
  EXPECT_EQ(round.training->steps, 63u);  // 62.5 lots: the last one begun counts whole
  EXPECT_EQ(round.training->expected_lot, 64u);
  EXPECT_EQ(round.training->clip, 0.5);
  EXPECT_EQ(round.training->noise_multiplier, 1.5);
  const auto& noise = std::get<GaussianNoise>(round.event.mechanism());
  EXPECT_EQ(noise.law, SamplingLaw::kPoisson);
  EXPECT_EQ(noise.noise_multiplier, 1.5);
  EXPECT_DOUBLE_EQ(noise.sampling_rate, 0.016);
  EXPECT_EQ(round.event.steps(), 63u);
}

TEST(PrivateRoundTest, RateIsTheSmallestMultipleThatIsNotBelow) {
  // 2^53 / population by hand: 3002399751580330.67, 1286742750677284.57, 8192.
  EXPECT_EQ(PrivateRoundOf(Job(1), 3)->training->sampling_rate, 3002399751580331u);
  EXPECT_EQ(PrivateRoundOf(Job(1), 7)->training->sampling_rate, 1286742750677285u);
  EXPECT_EQ(PrivateRoundOf(Job(1, 1, 1), std::uint64_t{1} << 40)->training->sampling_rate, 8192u);
}

TEST(PrivateRoundTest, LotOfEverybodyIsTheWholeRate) {
  EXPECT_EQ(PrivateRoundOf(Job(32), 32)->training->sampling_rate, kWholeSamplingRate);
}

TEST(PrivateRoundTest, WhatIsChargedIsWhatTheWorkerIsTold) {
  const PrivateRound round = PrivateRoundOf(Job(10, 3), 977).value();
  const auto& noise = std::get<GaussianNoise>(round.event.mechanism());
  EXPECT_EQ(noise.sampling_rate * 0x1p53, static_cast<double>(round.training->sampling_rate));
  EXPECT_EQ(round.event.steps(), round.training->steps);
  EXPECT_EQ(round.training->steps, 3u * 98u);
}

TEST(PrivateRoundTest, StepsWinOverEpochs) {
  EXPECT_EQ(PrivateRoundOf(Job(10, 3, 7), 977)->training->steps, 7u);
}

TEST(PrivateRoundTest, WhatCannotBePricedIsRefused) {
  EXPECT_EQ(PrivateRoundOf(Job(33), 32).status().id(), errors::kPrivacySampling);
  EXPECT_EQ(PrivateRoundOf(Job(1), 0).status().id(), errors::kPrivacyParameter);
  EXPECT_EQ(PrivateRoundOf(Job(1, 100'000), std::uint64_t{1} << 40).status().id(), errors::kPrivacyParameter);
}

}  // namespace
}  // namespace cairn
