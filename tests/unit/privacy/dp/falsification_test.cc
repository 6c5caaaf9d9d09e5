// Tries to catch a release that promises more than it keeps. A sum of one coordinate, with and without one
// person, is released 200,000 times each; an event whose probabilities differ by more than (ε, δ) allows,
// beyond the confidence limits of Clopper and Pearson at 5e-7 a side, is a lie found out. It can never prove
// a promise. With fresh seeds honest noise is accused with probability below 2e-6 a run, 2e-5 in ten.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "privacy/accounting/gaussian_tradeoff.h"
#include "privacy/accounting/privacy_ledger.h"
#include "privacy/dp/noised_sum.h"
#include "tests/unit/privacy/accounting/ledger_parts.h"
#include "tests/unit/privacy/dp/falsifier.h"
#include "tests/unit/privacy/dp/statistics.h"

namespace cairn {
namespace {

constexpr std::size_t kRuns = 200'000;
constexpr double kEpsilon = 1;  // of Gaussian noise as wide as the sensitivity: δ is .1269
constexpr std::int64_t kSensitivity = 4096;
constexpr int kTries = 10;

using Sums = std::vector<std::int64_t>;
using Release = std::function<Sums(const Sums&, NoiseBits&)>;

// Whether the release is caught. `reach` is how far one person really moves the sum, in sensitivities.
bool IsCaught(const Release& release, double reach, std::uint64_t seed) {
  NoiseBits bits = TestBits(seed);
  const Sums without = release(Sums(kRuns, 0), bits);
  const Sums with = release(Sums(kRuns, std::llround(reach * kSensitivity)), bits);
  return IsFalsified(std::vector<double>(with.begin(), with.end()),
                     std::vector<double>(without.begin(), without.end()), kSensitivity,
                     {.epsilon = kEpsilon, .delta = GaussianDelta(1, kEpsilon)});
}

int TimesCaught(const Release& release, double reach) {
  int caught = 0;
  for (int i = 0; i < kTries; ++i)
    caught += IsCaught(release, reach, 9000 + static_cast<std::uint64_t>(i)) ? 1 : 0;
  return caught;
}

// The product's own release, its noise this many times the sensitivity.
class FalsificationTest : public testing::Test {
 protected:
  Release WithNoise(double multiplier) {
    return [this, multiplier](const Sums& sums, NoiseBits& bits) {
      ReleasePermit permit = ledger->Charge(Charge{KeyOf(++round), GaussianEvent(1, multiplier, 1)}).value();
      const NoiseGrid grid{.step = 1, .sensitivity = kSensitivity};
      const auto noised = NoisedSum::Release(sums, grid, bits, std::move(permit)).value();
      return Sums(noised.steps().begin(), noised.steps().end());
    };
  }
  ScratchFolder folder;
  std::unique_ptr<PrivacyLedger> ledger = PrivacyLedger::Open(folder / "ledger", Domains(1e9)).value();
  std::uint64_t round = 0;
};

TEST_F(FalsificationTest, HonestNoiseIsNeverAccused) { EXPECT_EQ(TimesCaught(WithNoise(1), 1), 0); }

TEST_F(FalsificationTest, HalfTheNoiseIsCaught) { EXPECT_GE(TimesCaught(WithNoise(.5), 1), 9); }

TEST_F(FalsificationTest, ATenthLessNoiseIsCaught) { EXPECT_GE(TimesCaught(WithNoise(.9), 1), 9); }

TEST_F(FalsificationTest, NoNoiseIsCaught) {
  EXPECT_EQ(TimesCaught([](const Sums& sums, NoiseBits&) { return sums; }, 1), kTries);
}

TEST_F(FalsificationTest, ForgottenClipIsCaught) { EXPECT_GE(TimesCaught(WithNoise(1), 1.5), 9); }

}  // namespace
}  // namespace cairn
