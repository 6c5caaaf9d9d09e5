#include "aggregator/aggregation/ring_sum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "privacy/accounting/privacy_ledger.h"

namespace cairn {
namespace {

constexpr std::int64_t kParameters = 20'000;
constexpr UpdateLayout kLayout{kParameters, 0, 0, 1};
constexpr std::uint32_t kClients = 4;

// What sums of clipped updates are opened to where the aggregator adds the noise.
class CentralNoiseTest : public testing::Test {
 protected:
  CentralNoiseTest() {
    PrivacyTerms& terms = manifest_.spec.privacy.emplace();
    terms.unit = PrivacyUnit::kClient;
    terms.mechanism = PrivacyTerms::Mechanism::kCentral;
    terms.noise_multiplier = 2;
    manifest_.spec.strategy.weight_by_examples = false;
    manifest_.spec.evaluate.federated = false;
  }

  // Of clients whose update is `value` everywhere.
  RingSum Sum(float value) const {
    auto layout = std::make_shared<const MaskedLayout>(MaskedLayoutOf(manifest_, kLayout, RoundKind::kTrain));
    RingSum sum(layout);
    const std::vector<float> delta(kParameters, value);
    UpdateView view;
    view.local_parameters = delta;
    std::vector<std::byte> words(layout->byte_size());
    for (std::uint64_t client = 0; client < kClients; ++client) {
      const EncodeTerms terms{1, RoundId{1}, ClientId{client}, false};
      EXPECT_TRUE(EncodeContribution({.update = &view}, *layout, terms, words).ok());
      sum.Add(words);
    }
    return sum;
  }
  CentralRelease Release(double noise_multiplier, std::uint64_t seed = 3) {
    const PrivacyConvention convention{PrivacyUnit::kClient, Adjacency::kZeroOut};
    const DomainTerms terms{{1e9, *Delta::Create(1e-5)}, convention, AccountantKind::kRdp};
    ledger_ = PrivacyLedger::InMemory({{"clients", terms}});
    const auto event = PrivacyEvent::Create(
        {.mechanism = GaussianNoise{.noise_multiplier = noise_multiplier}, .convention = convention});
    return {ledger_->Charge({{"clients", {}, JobId{1}, RoundId{1}, 1}, *event}).value(),
            NoiseBits::Simulated(seed)};
  }
  static double Deviation(const std::vector<float>& values, double mean) {
    double sum = 0;
    for (const float value : values) sum += (value - mean) * (value - mean);
    return std::sqrt(sum / static_cast<double>(values.size()));
  }

  JobManifest manifest_;
  std::unique_ptr<PrivacyLedger> ledger_;
};

TEST_F(CentralNoiseTest, NothingIsReadWithoutTheRightToOneRelease) {
  EXPECT_EQ(OpenRingSum(Sum(0), kLayout, kClients).status().id(), errors::kInternal);
}

// Six standard errors: a sound sampler fails once in 10^8 runs.
TEST_F(CentralNoiseTest, MeanHasTheNoiseThatWasChargedOverTheClients) {
  for (const double quantile : {0.0, 0.5}) {
    manifest_.spec.privacy->clip_quantile = quantile;
    const RingSum sum = Sum(1e-4F);  // norm 0.03, within the clip of 1
    const OpenedSum opened = OpenRingSum(sum, kLayout, kClients, Release(2)).value();
    const ClientNoise& noise = *sum.layout().noise;
    const double expected = std::ldexp(2 * noise.sensitivity, -noise.fraction_bits) / kClients;
    EXPECT_NEAR(Deviation(opened.update.parameters, 1e-4) / expected, 1, 6 / std::sqrt(2.0 * kParameters));
    EXPECT_GT(expected, 2.0 / kClients);
  }
}

TEST_F(CentralNoiseTest, NoiseFollowsWhatWasChargedNotWhatTheJobSays) {
  const RingSum sum = Sum(0);
  const double narrow = Deviation(OpenRingSum(sum, kLayout, kClients, Release(2))->update.parameters, 0);
  const double wide = Deviation(OpenRingSum(sum, kLayout, kClients, Release(4))->update.parameters, 0);
  EXPECT_NEAR(wide / narrow, 2, 0.05);
}

TEST_F(CentralNoiseTest, VoteTellsTheShareOfClientsThatWereWithinTheClip) {
  manifest_.spec.privacy->clip_quantile = 0.5;
  // One vote of four has noise of deviation σ_b = z in it: seeds on both sides, averaged.
  const auto share = [&](float value) {
    double sum = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed)
      sum += OpenRingSum(Sum(value), kLayout, kClients, Release(2, seed))->share_within.value();
    return sum / 400;
  };
  manifest_.spec.privacy->noise_multiplier = 2;
  EXPECT_NEAR(share(1e-4F), 1, 6 * 0.5 / 20);
  EXPECT_NEAR(share(1), 0, 6 * 0.5 / 20);
}

TEST_F(CentralNoiseTest, ClipThatStaysTellsNothingOfWhoWasClipped) {
  const OpenedSum opened = OpenRingSum(Sum(1), kLayout, kClients, Release(2)).value();
  EXPECT_FALSE(opened.share_within.has_value());
  EXPECT_EQ(opened.counts.clipped, 0u);
  EXPECT_EQ(opened.counts.examples, kClients);
}

}  // namespace
}  // namespace cairn
