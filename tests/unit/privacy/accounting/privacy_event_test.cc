#include "privacy/accounting/privacy_event.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace cairn {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr PrivacyConvention kZeroOut{PrivacyUnit::kClient, Adjacency::kZeroOut};
constexpr PrivacyConvention kReplace{PrivacyUnit::kPatient, Adjacency::kReplaceOne};

struct Refusal {
  PrivacyEvent::Terms terms;
  ErrorId id;
};

TEST(PrivacyEventTest, EveryBadTermIsRefusedByName) {
  using enum SamplingLaw;
  const std::vector<Refusal> refusals{
      {{GaussianNoise{0, kEveryone, 1}, {}}, errors::kPrivacyParameter},
      {{GaussianNoise{-1, kEveryone, 1}, {}}, errors::kPrivacyParameter},
      {{GaussianNoise{kNan, kEveryone, 1}, {}}, errors::kPrivacyParameter},
      {{GaussianNoise{kInf, kEveryone, 1}, {}}, errors::kPrivacyParameter},
      {{GaussianNoise{1, kPoisson, 0}, {}}, errors::kPrivacyParameter},
      {{GaussianNoise{1, kPoisson, 1.01}, {}}, errors::kPrivacyParameter},
      {{GaussianNoise{1, kPoisson, kNan}, {}}, errors::kPrivacyParameter},
      {{GaussianNoise{1, kEveryone, .5}, {}}, errors::kPrivacySampling},
      {{GaussianNoise{1, kShuffled, .5}, {}}, errors::kPrivacySampling},
      {{GaussianNoise{1, kFixedSize, .5}, {}}, errors::kPrivacySampling},
      {{GaussianNoise{1, kPoisson, .5}, kZeroOut}, errors::kPrivacySampling},
      {{GaussianNoise{1, kPoisson, .5}, kReplace}, errors::kPrivacySampling},
      {{DistributedGaussianNoise{0, 10, 100, 10}, kZeroOut}, errors::kPrivacyParameter},
      {{DistributedGaussianNoise{3, 0, 100, 10}, kZeroOut}, errors::kPrivacyParameter},
      {{DistributedGaussianNoise{3, 10, kInf, 10}, kZeroOut}, errors::kPrivacyParameter},
      {{DistributedGaussianNoise{3, 10, 100, 0}, kZeroOut}, errors::kPrivacyParameter},
      {{DistributedGaussianNoise{3, 10, 100, 10}, {}}, errors::kPrivacyConvention},
      {{.mechanism = NoNoise{}, .convention = {}, .steps = 0}, errors::kPrivacyParameter},
      {{.mechanism = NoNoise{}, .convention = {}, .steps = PrivacyEvent::kMaxSteps + 1},
       errors::kPrivacyParameter},
  };
  for (std::size_t i = 0; i < refusals.size(); ++i) {
    const auto event = PrivacyEvent::Create(refusals[i].terms);
    ASSERT_FALSE(event.ok()) << i;
    EXPECT_EQ(event.status().id(), refusals[i].id) << i << " " << event.status().ToString();
  }
}

TEST(PrivacyEventTest, SoundTermsAreKept) {
  const PrivacyEvent::Terms terms{
      GaussianNoise{1.5, SamplingLaw::kPoisson, .016}, {}, SensitivityLaw::kNominal, 63};
  EXPECT_EQ(PrivacyEvent::Create(terms).value().terms(), terms);
}

}  // namespace
}  // namespace cairn
