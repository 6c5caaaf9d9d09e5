#include "protocol/messages/client_noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "privacy/accounting/accountant.h"
#include "protocol/messages/masked_layout.h"

namespace cairn {
namespace {

using Mechanism = PrivacyTerms::Mechanism;

JobManifest Job(Mechanism mechanism, std::uint32_t bits = 64, std::uint32_t clients = 20) {
  JobManifest manifest;
  manifest.spec.privacy.emplace();
  manifest.spec.privacy->unit = PrivacyUnit::kClient;
  manifest.spec.privacy->mechanism = mechanism;
  manifest.spec.strategy.weight_by_examples = false;
  manifest.spec.evaluate.federated = false;
  manifest.spec.cohort.min_clients = clients;
  manifest.spec.secagg.bits = bits;
  return manifest;
}

// Round and site of the rounding bits.
constexpr EncodeTerms kEncode{
    .seed = 7, .round = RoundId{3}, .client = ClientId{2}, .weight_by_examples = false};

// A ring vector as signed numbers.
std::vector<std::int64_t> Words(const MaskedLayout& layout, std::span<const std::byte> bytes) {
  std::vector<std::int64_t> words(layout.words());
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::int32_t narrow = 0;
    if (layout.ring == secagg::Ring::k32) {
      std::memcpy(&narrow, bytes.data() + 4 * i, 4);
      words[i] = narrow;
    } else {
      std::memcpy(&words[i], bytes.data() + 8 * i, 8);
    }
  }
  return words;
}

struct Encoded {
  MaskedLayout layout;
  std::vector<std::int64_t> words;
  std::int64_t at(std::string_view section, std::uint64_t i = 0) const {
    return words[layout.Find(section).offset + i];
  }
};

Encoded Encode(const JobManifest& manifest, const std::vector<float>& delta, double clip = 0,
               NoiseBits* noise = nullptr) {
  const UpdateLayout update{static_cast<std::int64_t>(delta.size()), 0, 0, 1};
  Encoded encoded{MaskedLayoutOf(manifest, update, RoundKind::kTrain, clip), {}};
  UpdateView view;
  view.local_parameters = delta;
  std::vector<std::byte> bytes(encoded.layout.byte_size());
  const Status status =
      EncodeContribution({.update = &view, .examples = 431}, encoded.layout, kEncode, bytes);
  EXPECT_TRUE(status.ok()) << status.ToString();
  if (noise != nullptr) {
    const Status added = AddNoiseShares(encoded.layout, *noise, bytes);
    EXPECT_TRUE(added.ok()) << added.ToString();
  }
  encoded.words = Words(encoded.layout, bytes);
  return encoded;
}

double NormOf(const Encoded& encoded) {
  long double sum = 0;
  const auto& words = encoded.words;
  const MaskedLayout::Place place = encoded.layout.Find("parameters");
  for (std::uint64_t i = 0; i < place.length; ++i) sum += static_cast<long double>(words[i]) * words[i];
  if (encoded.layout.Find("vote").length > 0) {
    const long double vote = encoded.at("vote");
    sum += vote * vote;
  }
  return static_cast<double>(std::sqrt(sum));
}

// Magnitudes that a real update has, and some that only a hostile client sends.
std::vector<float> HostileUpdate(std::mt19937_64& random) {
  const std::size_t length = 1 + random() % 300;
  const float scales[] = {1e-30F, 1e-6F, 0.01F, 1.0F, 700.0F};
  const float scale = scales[random() % 5];
  std::normal_distribution<float> normal;
  std::vector<float> delta(length);
  for (float& value : delta) value = scale * normal(random);
  if (random() % 3 == 0) delta[random() % length] = 1000;
  return delta;
}

TEST(ClientNoiseTest, NoClientMovesTheSumByMoreThanTheSensitivity) {
  std::mt19937_64 random(1);
  for (int run = 0; run < 4000; ++run) {
    JobManifest manifest = Job(Mechanism::kCentral, run % 2 == 0 ? 64 : 32);
    manifest.spec.privacy->noise_multiplier = std::exp(std::uniform_real_distribution(-2.0, 3.0)(random));
    manifest.spec.privacy->clip_quantile = run % 3 == 0 ? 0.5 : 0;
    const double clip = std::exp(std::uniform_real_distribution(-9.0, 6.0)(random));
    const Encoded encoded = Encode(manifest, HostileUpdate(random), clip);
    ASSERT_LE(NormOf(encoded), encoded.layout.noise->sensitivity) << "run " << run;
  }
}

TEST(ClientNoiseTest, WhatAClientSaysOfItselfIsTheSameForEverybody) {
  const Encoded small = Encode(Job(Mechanism::kCentral), {0.1F, 0.1F}),
                large = Encode(Job(Mechanism::kCentral), {9, 9});
  const std::uint64_t from = small.layout.Find("weight").offset;
  EXPECT_TRUE(std::equal(small.words.begin() + from, small.words.end(), large.words.begin() + from));
  EXPECT_EQ(small.at("examples"), 1);
  EXPECT_EQ(large.at("clipped"), 0);  // though it was
}

// Σ q² = (z·ρ)² needs every honest share, and no more than those.
TEST(ClientNoiseTest, HonestSharesAddUpToTheNoiseThatIsCharged) {
  JobManifest manifest = Job(Mechanism::kDistributed);
  manifest.spec.privacy->noise_multiplier = 1.5;
  manifest.spec.privacy->colluders = 6;
  const ClientNoise noise = ClientNoiseOf(manifest.spec, 1 << 20, 1.0);
  EXPECT_NEAR(std::sqrt(14.0) * noise.share_sigma / (1.5 * noise.sensitivity), 1, 1e-12);
  EXPECT_EQ(noise.sum_sigma, 0);
  const PrivacyEvent event = *ClientEventOf(*manifest.spec.privacy, noise, 20);
  EXPECT_EQ(std::get<DistributedGaussianNoise>(event.mechanism()).honest, 14u);
}

double EpsilonOf(const PrivacyEvent& event) {
  const auto account = NewRdpAccountant(event.convention());
  EXPECT_TRUE(account->Compose(event).ok());
  return account->EpsilonFor(*Delta::Create(1e-5)).epsilon;
}

TEST(ClientNoiseTest, EachMechanismCostsTheSameAtOneMultiplierWithAndWithoutAVote) {
  for (const double quantile : {0.0, 0.5}) {
    for (const Mechanism mechanism : {Mechanism::kCentral, Mechanism::kDistributed, Mechanism::kLocal}) {
      JobManifest manifest = Job(mechanism);
      manifest.spec.privacy->noise_multiplier = 2;
      manifest.spec.privacy->clip_quantile = quantile;
      const ClientNoise noise = ClientNoiseOf(manifest.spec, 1000, 0.3);
      const PrivacyEvent plain =
          *PrivacyEvent::Create({.mechanism = GaussianNoise{.noise_multiplier = 2},
                                 .convention = {PrivacyUnit::kClient, Adjacency::kZeroOut}});
      EXPECT_NEAR(EpsilonOf(*ClientEventOf(*manifest.spec.privacy, noise, 20)), EpsilonOf(plain), 1e-9);
    }
  }
}

// z_Δ = (z^-2 − (2σ_b)^-2)^-½ (Andrew et al. 2021, Theorem 1) at σ_b = m/20.
TEST(ClientNoiseTest, AVoteWidensTheNoiseOfTheUpdateAsTheTheoremSays) {
  const auto widened = [](double z, std::uint32_t clients) {
    JobManifest manifest = Job(Mechanism::kCentral, 64, clients);
    manifest.spec.privacy->noise_multiplier = z;
    const double plain = ClientNoiseOf(manifest.spec, 1000, 1.0).sensitivity;
    manifest.spec.privacy->clip_quantile = 0.5;
    return z * ClientNoiseOf(manifest.spec, 1000, 1.0).sensitivity / plain;
  };
  EXPECT_NEAR(widened(1, 20), 1.15470054, 1e-5);
  EXPECT_NEAR(widened(1, 100), 1.00503782, 1e-5);
  EXPECT_NEAR(widened(0.5, 100), 0.50062617, 1e-5);
  EXPECT_NEAR(widened(1, 10), 1.15470054, 1e-5);  // σ_b = 0.5 would hide nothing: it is z instead
}

TEST(ClientNoiseTest, OnlyAnUpdateWithinTheClipVotesForIt) {
  JobManifest manifest = Job(Mechanism::kCentral);
  manifest.spec.privacy->clip_quantile = 0.5;
  const Encoded within = Encode(manifest, {0.3F, 0.4F}, 0.6), over = Encode(manifest, {0.3F, 0.4F}, 0.4);
  EXPECT_EQ(within.at("vote"), within.layout.noise->vote);
  EXPECT_EQ(over.at("vote"), -over.layout.noise->vote);
}

TEST(ClientNoiseTest, ClipFollowsTheQuantile) {
  PrivacyTerms terms;
  terms.clip_quantile = 0.5;
  terms.clip_lr = 0.2;
  EXPECT_DOUBLE_EQ(NextClip(terms, 1, 0.5), 1);
  EXPECT_DOUBLE_EQ(NextClip(terms, 1, 1.0), std::exp(-0.1));  // everybody within: it shrinks
  EXPECT_DOUBLE_EQ(NextClip(terms, 1, 0.0), std::exp(0.1));
  EXPECT_GT(NextClip(terms, 1e-6, 1e9), 0);  // whatever the noise says
  EXPECT_LE(NextClip(terms, 1024, -1e9), 1024);
}

// With probability above 1 − 10^-8 for sound shares: six standard errors of mean and variance.
TEST(ClientNoiseTest, SharesAreCentredAndAsWideAsTheTermsSay) {
  for (const std::uint32_t bits : {32u, 64u}) {
    const JobManifest manifest = Job(Mechanism::kLocal, bits);
    NoiseBits random = NoiseBits::Simulated(5, bits);
    const std::vector<float> nothing(200'000, 0.0F);
    const Encoded noised = Encode(manifest, nothing, 0, &random);
    const double sigma = noised.layout.noise->share_sigma, n = static_cast<double>(nothing.size());
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < nothing.size(); ++i) {
      sum += static_cast<double>(noised.words[i]);
      squares += static_cast<double>(noised.words[i]) * static_cast<double>(noised.words[i]);
    }
    EXPECT_LT(std::abs(sum / n), 6 * sigma / std::sqrt(n)) << bits;
    EXPECT_NEAR(squares / n / (sigma * sigma), 1, 6 * std::sqrt(2 / n)) << bits;
  }
}

TEST(ClientNoiseTest, NobodyDrawsForTheAggregator) {
  NoiseBits random = NoiseBits::Simulated(5);
  EXPECT_EQ(Encode(Job(Mechanism::kCentral), {0.25F}, 0, &random).words,
            Encode(Job(Mechanism::kCentral), {0.25F}).words);
}

TEST(ClientNoiseTest, SumsNeverWrapWhateverTheTerms) {
  std::mt19937_64 random(3);
  int fitting = 0;
  for (int run = 0; run < 3000; ++run) {
    const auto mechanism = static_cast<Mechanism>(2 + random() % 3);
    JobManifest manifest =
        Job(mechanism, run % 2 == 0 ? 64 : 32, 3 + static_cast<std::uint32_t>(random() % 5000));
    manifest.spec.privacy->noise_multiplier = std::exp(std::uniform_real_distribution(-4.0, 6.5)(random));
    manifest.spec.privacy->clip_quantile = run % 3 == 0 ? 0.9 : 0;
    const double clip = std::exp(std::uniform_real_distribution(-13.0, 6.9)(random));
    const auto length = static_cast<std::int64_t>(1 + random() % 2'000'000);
    const MaskedLayout layout = MaskedLayoutOf(manifest, {length, 0, 0, 1}, RoundKind::kTrain, clip);
    if (!CheckClientNoise(*layout.noise).ok()) continue;
    const Status wraps = secagg::CheckNoWrap(layout.sections, layout.ring, LargestCohort(manifest.spec));
    // What no grid makes fit is refused with the job (CheckJobRing).
    ASSERT_TRUE(wraps.ok() || layout.noise->fraction_bits == 0) << run << ": " << wraps.ToString();
    fitting += wraps.ok() ? 1 : 0;
  }
  EXPECT_GT(fitting, 2000);
}

TEST(ClientNoiseTest, AGridTooCoarseForTheNoiseIsRefused) {
  const auto check = [](const JobManifest& manifest, std::uint64_t parameters, double clip) {
    return CheckClientNoise(ClientNoiseOf(manifest.spec, parameters, clip)).id();
  };
  EXPECT_TRUE(CheckClientNoise(ClientNoiseOf(Job(Mechanism::kDistributed).spec, 1 << 20, 1)).ok());
  EXPECT_EQ(check(Job(Mechanism::kDistributed), 1000, 0), errors::kPrivacyParameter);
  EXPECT_EQ(check(Job(Mechanism::kDistributed), 1000, 5000), errors::kPrivacyParameter);
  EXPECT_EQ(check(Job(Mechanism::kDistributed), 1000, 1e300), errors::kPrivacyParameter);
  EXPECT_EQ(check(Job(Mechanism::kDistributed), 1000, -1), errors::kPrivacyParameter);
  EXPECT_EQ(check(Job(Mechanism::kDistributed), 1000, std::numeric_limits<double>::quiet_NaN()),
            errors::kPrivacyParameter);
  JobManifest many = Job(Mechanism::kDistributed, 32, 100'000);
  many.spec.privacy->noise_multiplier = 300;
  EXPECT_EQ(check(many, 1 << 24, 1), errors::kPrivacyParameter);
}

}  // namespace
}  // namespace cairn
