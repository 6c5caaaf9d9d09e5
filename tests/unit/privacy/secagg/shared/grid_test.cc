#include "privacy/secagg/shared/grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "core/tensor/exact_sum.h"
#include "privacy/secagg/shared/grid_kernels.h"

namespace cairn::secagg {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kMax = std::numeric_limits<float>::max();

RandomStream Stream(std::uint64_t seed) { return SeededRandom(seed).Open({}); }

Section Real(std::size_t length, double clip, int bits) {
  return {"parameters", length, clip, static_cast<std::uint8_t>(bits),
          static_cast<std::uint64_t>(std::ceil(std::ldexp(clip, bits)))};
}
Section Count(std::uint64_t bound) { return {"examples", 1, 0, 0, bound}; }

std::vector<float> Values(std::size_t size, double scale, RandomStream& random) {
  std::vector<float> values(size);
  for (float& value : values) value = static_cast<float>(scale * random.Normal());
  return values;
}

// The plain loop of the header: one draw a coordinate, in order.
std::vector<std::int64_t> OracleRound(std::span<const float> delta, double factor, RandomStream stream) {
  std::vector<std::int64_t> q;
  for (const float d : delta) {
    const double x = static_cast<double>(d) * factor, u = std::ldexp(stream.NextU32(), -32);
    const double below = std::floor(x);
    q.push_back(static_cast<std::int64_t>(below) + ((x - below) + u >= 1));
  }
  return q;
}

template <class Word>
std::vector<std::int64_t> Lifted(const std::vector<Word>& words) {
  std::vector<std::int64_t> q;
  for (const Word word : words) q.push_back(Lift(word));
  return q;
}

TEST(CheckNoWrapTest, OneUnitAboveTheBoundIsRefused) {
  const Section fits[] = {{"a", 1, 1, 0, (1u << 30) - 1}}, above[] = {{"a", 1, 1, 0, 1u << 30}};
  EXPECT_TRUE(CheckNoWrap(fits, Ring::k32, 2).ok());
  const Status status = CheckNoWrap(above, Ring::k32, 2);
  EXPECT_EQ(status.id(), errors::kSecAggWrap);
  EXPECT_THAT(status.ToString(), ::testing::HasSubstr("\"a\" holds at most 1 sites"));
}

TEST(CheckNoWrapTest, CountsHaveTheWholeRing) {
  const Section half[] = {Count((1u << 31) - 1)}, more[] = {Count(1u << 31)};
  EXPECT_TRUE(CheckNoWrap(half, Ring::k32, 2).ok());
  EXPECT_FALSE(CheckNoWrap(more, Ring::k32, 2).ok());
  const Section wide[] = {Count(std::numeric_limits<std::uint64_t>::max())};
  EXPECT_TRUE(CheckNoWrap(wide, Ring::k64, 1).ok());
  EXPECT_FALSE(CheckNoWrap(wide, Ring::k64, 2).ok());
}

TEST(CheckNoWrapTest, EverySectionIsLookedAt) {
  const Section sections[] = {Real(10, 1, 20), {"none", 0, 0, 0, 0}, Real(3, 1e6, 20)};
  EXPECT_FALSE(CheckNoWrap(sections, Ring::k32, 3).ok());
  EXPECT_TRUE(CheckNoWrap(sections, Ring::k64, 3).ok());
}

TEST(CheckNoWrapTest, ABoundBelowWhatTheClipAllowsIsNotBelieved) {
  Section section = Real(1, 1, 28);
  section.bound = 1;
  EXPECT_FALSE(CheckNoWrap({&section, 1}, Ring::k32, 8).ok());
  section.clip = 1e300;
  EXPECT_FALSE(CheckNoWrap({&section, 1}, Ring::k64, 1).ok());
}

TEST(LargestFractionTest, IsTheTableOfTheSpecification) {
  const std::pair<std::uint64_t, int> table[] = {{4, 28},   {8, 27},   {20, 26},   {50, 25},    {100, 24},
                                                 {128, 23}, {200, 23}, {1000, 21}, {10'000, 17}};
  for (const auto& [n, f] : table) EXPECT_EQ(LargestFraction(1, Ring::k32, n), f) << n;
}

TEST(LargestFractionTest, IsTheLargestThatCannotWrap) {
  for (const double clip : {1e-30, 1e-3, 0.3, 1.0, 1.5, 7.0, 1000.0}) {
    for (const std::uint64_t n : {3, 20, 1000, 99'999}) {
      for (const Ring ring : {Ring::k32, Ring::k64}) {
        const int f = LargestFraction(clip, ring, n);
        const Section fits[] = {Real(1, clip, f)}, above[] = {Real(1, clip, f + 1)};
        if (f > 0) {
          EXPECT_TRUE(CheckNoWrap(fits, ring, n).ok()) << clip << " " << n;
        }
        if (f < 62) {
          EXPECT_FALSE(CheckNoWrap(above, ring, n).ok()) << clip << " " << n;
        }
      }
    }
  }
  EXPECT_EQ(LargestFraction(1e12, Ring::k32, 3), 0);  // which CheckNoWrap then refuses
}

TEST(GridWeightTest, RoundsExamplesOverCapAndIsNeverZero) {
  EXPECT_EQ(GridWeight(100, 100, 16), 1u << 16);
  EXPECT_EQ(GridWeight(5000, 100, 16), 1u << 16);
  EXPECT_EQ(GridWeight(50, 100, 16), 1u << 15);
  EXPECT_EQ(GridWeight(1, 3, 16), 21845u);  // 21845.33
  EXPECT_EQ(GridWeight(2, 3, 16), 43691u);  // 43690.67
  EXPECT_EQ(GridWeight(1, 4, 1), 1u);       // 0.5 away from zero
  EXPECT_EQ(GridWeight(1, 1'000'000, 8), 1u);
  EXPECT_EQ(GridWeight(0, 10, 8), 1u);
  EXPECT_EQ(GridWeight(-7, 10, 8), 1u);
  EXPECT_EQ(GridWeight(1'000'000'000'000, ~0u, 40), std::uint64_t{1} << 40);
}

class GridKernelsTest : public ::testing::TestWithParam<const GridKernels*> {
 protected:
  void SetUp() override {
    if (!GetParam()->supported()) GTEST_SKIP() << "this CPU has no " << GetParam()->name;
  }
};

TEST_P(GridKernelsTest, RoundsAsThePlainLoopForEveryLength) {
  RandomStream random = Stream(1);
  const double factors[] = {0x1p21, 1.0, 0x1p-30, 12345.678, 0x1p31};
  for (std::size_t size = 0; size < 60; ++size) {
    for (const double factor : factors) {
      const std::size_t skew = 1 + random.Below(7);
      std::vector<float> local = Values(size + skew, 0.1, random), base = Values(size + skew, 0.1, random);
      for (std::size_t i = 0; i < local.size(); i += 3)
        local[i] = base[i] + std::ldexp(1.0f, -static_cast<int>(i));
      const std::uint32_t edges[] = {0, 1, 0x7fffffff, 0x80000000, ~0u};
      std::vector<std::uint32_t> draws(size + skew);
      Stream(size).FillU32(draws);
      for (std::size_t i = 0; i < draws.size(); i += 4) draws[i] = edges[random.Below(5)];
      for (const bool has_base : {false, true}) {
        std::vector<std::uint32_t> got(size + 1, 5);
        GetParam()->round(local.data() + skew, has_base ? base.data() + skew : nullptr, size, factor,
                          draws.data() + skew, got.data());
        for (std::size_t i = 0; i < size; ++i) {
          const float delta = has_base ? local[skew + i] - base[skew + i] : local[skew + i];
          const double x = static_cast<double>(delta) * factor, below = std::floor(x);
          const double u = std::ldexp(draws[skew + i], -32);
          ASSERT_EQ(Lift(got[i]), static_cast<std::int64_t>(below) + ((x - below) + u >= 1))
              << x << " + " << u;
        }
        ASSERT_EQ(got[size], 5u);
      }
    }
  }
}

TEST_P(GridKernelsTest, AddsAsThePlainLoop) {
  for (std::size_t size = 0; size < 80; ++size) {
    std::vector<std::uint32_t> from(size), into(size), sum;
    std::vector<std::uint64_t> from64, into64, sum64;
    RandomStream random = Stream(size);
    random.FillU32(from);
    random.FillU32(into);
    for (std::size_t i = 0; i < size; ++i) {
      from64.push_back(random.NextU64()), into64.push_back(random.NextU64());
      sum.push_back(from[i] + into[i]), sum64.push_back(from64[i] + into64[i]);
    }
    GetParam()->add32(from.data(), size, into.data());
    GetParam()->add64(from64.data(), size, into64.data());
    ASSERT_EQ(into, sum);
    ASSERT_EQ(into64, sum64);
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, GridKernelsTest,
                         ::testing::Values(
#if defined(__x86_64__)
                             &kAvx512Grid, &kAvx2Grid,
#endif
                             &kBaseGrid),
                         [](const auto& level) { return std::string(level.param->name); });

TEST(QuantiseTest, UnclippedValuesAreRoundedWithOneDrawEachInOrder) {
  RandomStream random = Stream(3);
  for (const std::size_t size : {0, 1, 100, 2047, 2048, 2049, 10'000}) {
    const std::vector<float> base = Values(size, 1, random);
    std::vector<float> local = base, delta(size);
    for (std::size_t i = 0; i < size; ++i) local[i] += static_cast<float>(0.001 * random.Normal());
    for (std::size_t i = 0; i < size; ++i) delta[i] = local[i] - base[i];
    std::vector<std::uint32_t> words(size);
    const Result<bool> clipped = Quantise(local, base, Real(size, 2, 24), 0.75, Stream(9), words);
    ASSERT_TRUE(clipped.ok());
    EXPECT_FALSE(*clipped);
    EXPECT_EQ(Lifted(words), OracleRound(delta, 0.75 * 0x1p24, Stream(9)));
    std::vector<std::uint32_t> from_delta(size);
    ASSERT_TRUE(Quantise(delta, {}, Real(size, 2, 24), 0.75, Stream(9), from_delta).ok());
    EXPECT_EQ(from_delta, words);
  }
}

TEST(QuantiseTest, RoundingIsUnbiased) {
  constexpr std::size_t kDraws = 1'000'000;
  for (const float x : {0.3f, -0.3f, 0.999f, 3.5f, -7.25f}) {
    const std::vector<float> values(kDraws, x / 16384);
    std::vector<std::uint32_t> words(kDraws);
    ASSERT_TRUE(Quantise(values, {}, Real(kDraws, 1, 14), 1, Stream(4), words).ok());
    double sum = 0;
    for (const std::uint32_t word : words) sum += static_cast<double>(Lift(word));
    EXPECT_NEAR(sum / kDraws, x, 0.5 / 1000 * 4) << x;  // four standard errors of a coin at worst
  }
}

TEST(QuantiseTest, WholeNumbersStayWhatTheyAre) {
  const std::vector<float> values = {0, -0.0f, 0.5f, -0.5f, 0.25f};
  std::vector<std::uint32_t> words(5);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    ASSERT_TRUE(Quantise(values, {}, Real(5, 1, 2), 1, Stream(seed), words).ok());
    ASSERT_EQ(Lifted(words), (std::vector<std::int64_t>{0, 0, 2, -2, 1}));
  }
}

TEST(QuantiseTest, TheWideRingIsThePlainSumBitForBit) {
  RandomStream random = Stream(5);
  for (int round = 0; round < 50; ++round) {
    const std::size_t size = random.Below(3000);
    const std::vector<float> base = Values(size, 1, random);
    std::vector<float> local = base;
    for (float& value : local) value += static_cast<float>(0.01 * random.Normal());
    const double weight = std::ldexp(
        static_cast<double>(GridWeight(1 + static_cast<std::int64_t>(random.Below(900)), 700, 20)), -20);
    UpdateView view;
    view.local_parameters = view.local_buffers = local;
    if (round % 2 == 0) view.base_parameters = view.base_buffers = base;
    if (round % 2 == 1) {
      for (float& value : local) value *= 0.01f;
    }
    view.weight = weight;
    Partial plain({static_cast<std::int64_t>(size), static_cast<std::int64_t>(size), 0, 0});
    Accumulate({&view, 1}, plain);
    std::vector<std::uint64_t> words(size);
    const Result<bool> clipped = Quantise(view.local_parameters, view.base_parameters,
                                          Real(size, 1024, kParameterFractionBits), weight, words);
    ASSERT_TRUE(clipped.ok());
    ASSERT_FALSE(*clipped);
    ASSERT_EQ(Lifted(words), std::vector<std::int64_t>(plain.parameters.begin(), plain.parameters.end()));
    ASSERT_TRUE(Quantise(view.local_buffers, view.base_buffers, Real(size, 0x1p26, kBufferFractionBits),
                         weight, words)
                    .ok());
    ASSERT_EQ(Lifted(words), std::vector<std::int64_t>(plain.buffers.begin(), plain.buffers.end()));
  }
}

TEST(QuantiseTest, TheWideRingRoundsToEvenAlsoBeyondThePlainGrid) {
  const std::vector<float> values = {1, -1, 0x1.8p-60f, 0x1.4p-59f, 0x1.cp-59f};
  std::vector<std::uint64_t> words(5);
  ASSERT_TRUE(Quantise(values, {}, Real(5, 2, 60), 1, words).ok());
  EXPECT_EQ(Lifted(words), (std::vector<std::int64_t>{1ll << 60, -(1ll << 60), 2, 2, 4}));
}

// Largest |q| over both rings.
std::uint64_t Largest(std::span<const float> delta, const Section& section, double weight,
                      std::uint64_t seed) {
  std::vector<std::uint32_t> words(delta.size());
  std::vector<std::uint64_t> wide(delta.size());
  EXPECT_TRUE(Quantise(delta, {}, section, weight, Stream(seed), words).ok());
  EXPECT_TRUE(Quantise(delta, {}, section, weight, wide).ok());
  std::int64_t most = 0;
  for (std::size_t i = 0; i < delta.size(); ++i) {
    most = std::max({most, std::abs(Lift(words[i])), std::abs(Lift(wide[i]))});
  }
  return static_cast<std::uint64_t>(most);
}

TEST(QuantiseTest, NoCoordinateEverPassesTheBound) {
  RandomStream random = Stream(6);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const double clip = std::ldexp(1 + random.Uniform(), static_cast<int>(random.Below(12)) - 6);
    const int bits = static_cast<int>(random.Below(24));
    std::vector<float> delta = Values(1 + random.Below(20), clip / 3, random);
    // A spike: all the norm in one place, at, just above, or far above the clip.
    const float heights[] = {static_cast<float>(clip), std::nextafter(static_cast<float>(clip), kInf),
                             static_cast<float>(clip * (1 + random.Uniform())), kMax, 1e30f};
    if (i % 2 == 0) {
      if (i % 4 == 0) std::fill(delta.begin(), delta.end(), i % 8 == 0 ? 0.0f : 1e-42f);
      delta[random.Below(delta.size())] = heights[random.Below(5)] * (random.Below(2) == 0 ? 1.0f : -1.0f);
    }
    const double weight =
        i % 3 == 0 ? 1.0 : std::ldexp(1.0 + static_cast<double>(random.Below(1 << 16)), -16);
    const Section section = Real(delta.size(), clip, bits);
    ASSERT_LE(Largest(delta, section, std::min(weight, 1.0), i), section.bound)
        << "clip " << clip << ", f " << bits << ", case " << i;
  }
}

TEST(QuantiseTest, ClippedVectorsKeepTheirDirectionAndReachTheClip) {
  RandomStream random = Stream(7);
  const std::vector<float> delta = Values(5000, 1, random);
  const double norm = std::sqrt(std::inner_product(delta.begin(), delta.end(), delta.begin(), 0.0));
  std::vector<std::uint32_t> words(delta.size());
  const Result<bool> clipped = Quantise(delta, {}, Real(delta.size(), 3, 27), 1, Stream(1), words);
  ASSERT_TRUE(clipped.ok());
  EXPECT_TRUE(*clipped);
  double squares = 0;
  for (std::size_t i = 0; i < delta.size(); ++i) {
    const double value = std::ldexp(static_cast<double>(Lift(words[i])), -27);
    ASSERT_NEAR(value, delta[i] * 3 / norm, 0x1p-26);
    squares += value * value;
  }
  EXPECT_NEAR(std::sqrt(squares), 3, 1e-6);
}

TEST(QuantiseTest, ANormEqualToTheClipIsNotClipped) {
  const std::vector<float> delta = {3, 4};
  std::vector<std::uint32_t> words(2);
  const Result<bool> clipped = Quantise(delta, {}, Real(2, 5, 8), 1, Stream(1), words);
  ASSERT_TRUE(clipped.ok());
  EXPECT_FALSE(*clipped);
  EXPECT_EQ(words, (std::vector<std::uint32_t>{768, 1024}));
}

TEST(QuantiseTest, ValuesThatAreNoNumbersAreRefusedByIndex) {
  for (const float bad : {kNaN, kInf, -kInf}) {
    for (const std::size_t place : {0u, 77u, 2999u}) {
      std::vector<float> values(3000, 0.01f);
      values[place] = bad;
      std::vector<std::uint32_t> words(3000);
      std::vector<std::uint64_t> wide(3000);
      const Result<bool> narrow = Quantise(values, {}, Real(3000, 1, 20), 1, Stream(1), words);
      ASSERT_FALSE(narrow.ok());
      EXPECT_EQ(narrow.status().id(), errors::kUpdateNotFinite);
      EXPECT_THAT(narrow.status().ToString(),
                  ::testing::HasSubstr("element " + std::to_string(place) + " of section \"parameters\""));
      EXPECT_FALSE(Quantise(values, {}, Real(3000, 1, 20), 1, wide).ok());
      EXPECT_EQ(words, std::vector<std::uint32_t>(3000));  // nothing was written
    }
  }
}

TEST(QuantiseTest, ADifferenceTooLargeForAFloatIsRefused) {
  const std::vector<float> local = {0, kMax}, base = {0, -kMax};
  std::vector<std::uint32_t> words(2);
  EXPECT_EQ(Quantise(local, base, Real(2, 1, 20), 1, Stream(1), words).status().id(),
            errors::kUpdateNotFinite);
  const std::vector<float> at_limit = {kMax, kMax};
  EXPECT_TRUE(Quantise(at_limit, {}, Real(2, 1, 20), 1, Stream(1), words).ok());
}

TEST(AddWordsTest, WrapsInBothRings) {
  std::vector<std::uint32_t> a = {~0u, 5};
  AddWords(std::vector<std::uint32_t>{2, 6}, a);
  EXPECT_EQ(a, (std::vector<std::uint32_t>{1, 11}));
  std::vector<std::uint64_t> b = {~0ull};
  AddWords(std::vector<std::uint64_t>{3}, b);
  EXPECT_EQ(b, std::vector<std::uint64_t>{2});
  EXPECT_EQ(Lift(~0u), -1);
  EXPECT_EQ(Lift(~std::uint64_t{0}), -1);
}

}  // namespace
}  // namespace cairn::secagg
