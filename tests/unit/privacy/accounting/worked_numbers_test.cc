// The numbers that docs/privacy.md tells people to expect.

#include <gtest/gtest.h>

#include <cmath>

#include "privacy/accounting/calibration.h"
#include "privacy/accounting/gaussian_tradeoff.h"
#include "tests/unit/privacy/accounting/accounts.h"

namespace cairn {
namespace {

TEST(WorkedNumbersTest, HospitalsOfFourSizes) {
  EXPECT_NEAR(PldEpsilon(.032, 1.5, 938, 1e-4), 2.746, 1e-3);
  EXPECT_NEAR(PldEpsilon(.0128, 1.0, 2344, 1e-5), 3.694, 1e-3);
  EXPECT_NEAR(PldEpsilon(.0128, .7, 2344, 1e-5), 8.651, 1e-3);
  EXPECT_NEAR(PldEpsilon(.0064, 1.0, 3125, 1e-5), 1.987, 1e-3);
  EXPECT_NEAR(PldEpsilon(.0064, .6, 3125, 1e-6), 9.189, 1e-3);
  EXPECT_NEAR(PldEpsilon(.00256, .6, 3907, 1e-6), 4.712, 1e-3);
}

TEST(WorkedNumbersTest, PlanOfAHospitalWith4000Patients) {
  const auto rounded = [](double epsilon) { return std::round(epsilon * 100) / 100; };
  EXPECT_EQ(rounded(RdpEpsilon(.016, 1.5, 630, 1e-5)), 1.33);
  EXPECT_EQ(rounded(RdpEpsilon(.016, 1.5, 1260, 1e-5)), 1.91);
  EXPECT_EQ(rounded(RdpEpsilon(.016, 1.5, 1890, 1e-5)), 2.36);
  EXPECT_EQ(rounded(PldEpsilon(.016, 1.5, 630, 1e-5)), 1.21);
  EXPECT_EQ(rounded(PldEpsilon(.016, 1.5, 1260, 1e-5)), 1.74);
  EXPECT_EQ(rounded(PldEpsilon(.016, 1.5, 1890, 1e-5)), 2.16);
  const EpsilonDelta cap = MakeTarget(4, Delta::Create(1e-5).value()).value();
  const EpsilonDelta one = MakeTarget(1, cap.delta).value();
  const auto terms = GaussianTerms(.016, 1.5, 1890);
  EXPECT_EQ(MostSteps(*NewRdpAccountant({}), terms, cap).value() / 63, 79u);
  EXPECT_EQ(CalibrateNoise(AccountantKind::kRdp, terms, cap).value().noise_multiplier, 1.083);
  EXPECT_EQ(CalibrateNoise(AccountantKind::kRdp, terms, one).value().noise_multiplier, 2.946);
}

struct ClientRow {
  double z;
  double at_1e5[5], at_1e6[5];  // T = 1, 10, 50, 100, 200
};

TEST(WorkedNumbersTest, ClientsWithoutSampling) {
  const double rounds[] = {1, 10, 50, 100, 200};
  for (const ClientRow& row :
       {ClientRow{
            1, {4.3772, 17.8566, 54.3766, 91.8173, 159.4415}, {4.8866, 19.4237, 57.8485, 96.7173, 166.3622}},
        ClientRow{
            2, {1.9931, 7.5113, 20.6755, 33.1037, 54.3766}, {2.2541, 8.3062, 22.4245, 35.5663, 57.8485}},
        ClientRow{4, {.9263, 3.3414, 8.5959, 13.2067, 20.6755}, {1.0607, 3.7472, 9.4822, 14.4508, 22.4245}},
        ClientRow{8, {.4344, 1.5347, 3.7965, 5.6796, 8.5959}, {.5039, 1.7430, 4.2486, 6.3121, 9.4822}},
        ClientRow{16, {.2041, .7162, 1.7370, 2.5599, 3.7965}, {.2402, .8236, 1.9688, 2.8834, 4.2486}}}) {
    for (int i = 0; i < 5; ++i) {
      const double mu = std::sqrt(rounds[i]) / row.z;
      EXPECT_NEAR(GaussianEpsilon(mu, Delta::Create(1e-5).value()).epsilon, row.at_1e5[i], 1e-4)
          << row.z << " " << rounds[i];
      EXPECT_NEAR(GaussianEpsilon(mu, Delta::Create(1e-6).value()).epsilon, row.at_1e6[i], 1e-4)
          << row.z << " " << rounds[i];
    }
  }
}

// The textbook σ = √(2 ln(1.25/δ))/ε is sound below ε = 1 alone, which is why it is not offered.
TEST(WorkedNumbersTest, TextbookNoiseFailsAtLargeEpsilon) {
  const Delta delta = Delta::Create(1e-5).value();
  const auto truth_at = [&](double epsilon) {
    return GaussianEpsilon(epsilon / std::sqrt(2 * std::log(1.25e5)), delta).epsilon;
  };
  EXPECT_LT(truth_at(.9), .9);
  EXPECT_NEAR(truth_at(10), 10.39, 5e-3);
  EXPECT_NEAR(truth_at(50), 96.4, 5e-2);
}

}  // namespace
}  // namespace cairn
