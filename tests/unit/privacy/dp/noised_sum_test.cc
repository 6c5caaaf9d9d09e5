#include "privacy/dp/noised_sum.h"

#include <gtest/gtest.h>

#include <cmath>

#include "privacy/accounting/privacy_ledger.h"
#include "tests/unit/privacy/accounting/ledger_parts.h"
#include "tests/unit/privacy/dp/statistics.h"

namespace cairn {
namespace {

class NoisedSumTest : public testing::Test {
 protected:
  ReleasePermit Permit(PrivacyEvent event) {
    return ledger->Charge(Charge{KeyOf(++round), std::move(event)}).value();
  }
  ScratchFolder folder;
  std::unique_ptr<PrivacyLedger> ledger = PrivacyLedger::Open(folder / "ledger", Domains(1e6)).value();
  NoiseBits bits = NoiseBits::Simulated(1);
  std::uint64_t round = 0;
};

TEST_F(NoisedSumTest, EveryCoordinateGetsTheNoiseThatWasCharged) {
  constexpr std::size_t kSize = 200'000;
  std::vector<std::int64_t> sum(kSize);
  for (std::size_t i = 0; i < kSize; ++i) sum[i] = static_cast<std::int64_t>(i) * 1000;
  const auto noised =
      NoisedSum::Release(sum, {.step = 1, .sensitivity = 400}, bits, Permit(GaussianEvent(1, 2.5, 1)))
          .value();
  std::vector<std::int64_t> noise(kSize);
  for (std::size_t i = 0; i < kSize; ++i) noise[i] = noised.steps()[i] - sum[i];
  EXPECT_NEAR(MomentsOf(noise).variance, 1e6,
              6e6 * std::sqrt(2.0 / kSize));  // σ = 2.5 · 400; six standard errors
  EXPECT_GT(LawPValue(CountOf(noise), 1000), 1e-6);
  EXPECT_EQ(noised.charge().key, KeyOf(1));
}

TEST_F(NoisedSumTest, TwoReleasesShareNoNoise) {
  const std::vector<std::int64_t> sum(1000, 0);
  const NoiseGrid grid{.step = 1, .sensitivity = 1e5};
  const auto a = NoisedSum::Release(sum, grid, bits, Permit(GaussianEvent(1, 2, 1))).value();
  const auto b = NoisedSum::Release(sum, grid, bits, Permit(GaussianEvent(1, 2, 1))).value();
  int same = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) same += a.steps()[i] == b.steps()[i] ? 1 : 0;
  EXPECT_LT(same, 5);
}

TEST_F(NoisedSumTest, NumbersAreStepsOverAPublicDenominator) {
  const auto noised = NoisedSum::Release({1 << 20, -(1 << 21)}, {.step = 0x1p-10, .sensitivity = .0625}, bits,
                                         Permit(GaussianEvent(1, 1, 1)))
                          .value();
  const std::vector<float> values = noised.Over(64);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(values[i], static_cast<float>(noised.steps()[i]) * 0x1p-10f / 64);
  }
}

TEST_F(NoisedSumTest, RepeatableNoiseIsMarked) {
  NoiseBits real = NoiseBits::FromSystem();
  const NoiseGrid grid{.step = 1, .sensitivity = 10};
  EXPECT_TRUE(NoisedSum::Release({0}, grid, bits, Permit(GaussianEvent(1, 1, 1))).value().is_simulated());
  EXPECT_FALSE(NoisedSum::Release({0}, grid, real, Permit(GaussianEvent(1, 1, 1))).value().is_simulated());
}

TEST_F(NoisedSumTest, GridThatDoesNotFitIsRefusedAndTheChargeStays) {
  for (const NoiseGrid grid : {NoiseGrid{.3, 100},
                               {0, 100},
                               {-1, 100},
                               {std::nan(""), 100},
                               {1, 0},
                               {1, 1e-3},
                               {1, 1e9},
                               {1, std::nan("")},
                               {INFINITY, 1}}) {
    const auto noised = NoisedSum::Release({0}, grid, bits, Permit(GaussianEvent(1, 1, 1)));
    EXPECT_EQ(noised.status().id(), errors::kPrivacyParameter) << grid.step << " " << grid.sensitivity;
  }
  EXPECT_EQ(ledger->Charges("patients").size(), 9u);
}

TEST_F(NoisedSumTest, SecondUseOfAPermitEndsTheProcess) {
  ReleasePermit permit = Permit(GaussianEvent(1, 1, 1));
  const NoiseGrid grid{.step = 1, .sensitivity = 10};
  EXPECT_TRUE(NoisedSum::Release({0}, grid, bits, std::move(permit)).ok());
  EXPECT_DEATH((void)NoisedSum::Release({0}, grid, bits, std::move(permit)), "a permit is used once");
}

}  // namespace
}  // namespace cairn
