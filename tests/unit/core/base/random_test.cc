#include "core/base/random.h"

#include <gtest/gtest.h>

#include <numeric>

#include "core/base/philox_lanes.h"

namespace cairn {
namespace {

using Block = std::array<std::uint32_t, 4>;

TEST(PhiloxTest, GivesThePublishedKnownAnswers) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

#if defined(__x86_64__)
TEST(PhiloxTest, WideRegistersGiveTheSameBlocks) {
  const Block counter = {~0u - 200, 0x85a308d3, 0x13198a2e, 0x03707344};
  const std::array<std::uint32_t, 2> key = {0xa4093822, 0x299f31d0};
  for (const PhiloxLanes* lanes : {&kAvx2Philox, &kAvx512Philox}) {
    if (!lanes->supported()) continue;
    for (std::size_t blocks = 0; blocks <= 192; blocks += kPhiloxLanes) {
      std::vector<std::uint32_t> words(4 * blocks + 1, 77), expected;
      lanes->fill(counter.data(), key.data(), blocks, words.data());
      for (std::uint32_t b = 0; b < blocks; ++b) {
        const Block block = Philox4x32({counter[0] + b, counter[1], counter[2], counter[3]}, key);
        expected.insert(expected.end(), block.begin(), block.end());
      }
      expected.push_back(77);
      ASSERT_EQ(words, expected) << lanes->name << ", " << blocks << " blocks";
    }
  }
}
#endif

TEST(RandomStreamTest, FillGivesTheWordsDrawnOneByOne) {
  for (std::size_t drawn = 0; drawn < 6; ++drawn) {
    for (std::size_t size = 0; size < 300; ++size) {
      auto filled = SeededRandom(5).Open({}), one_by_one = filled;
      for (std::size_t i = 0; i < drawn; ++i) ASSERT_EQ(filled.NextU32(), one_by_one.NextU32());
      std::vector<std::uint32_t> words(size);
      filled.FillU32(words);
      for (const std::uint32_t word : words) ASSERT_EQ(word, one_by_one.NextU32());
      ASSERT_EQ(filled.NextU64(), one_by_one.NextU64());
    }
  }
}

TEST(SeededRandomTest, EqualLabelsGiveEqualStreams) {
  const SeededRandom source(42);
  auto a = source.Open({Purpose::kOrder, 3, 7});
  auto b = source.Open({Purpose::kOrder, 3, 7});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(a.NextU64(), b.NextU64());
}

TEST(SeededRandomTest, EveryPartOfTheLabelMatters) {
  const SeededRandom source(42);
  const StreamLabel base{Purpose::kOrder, 3, 7, 1};
  const auto first = source.Open(base).NextU64();
  EXPECT_NE(first, source.Open({Purpose::kDropout, 3, 7, 1}).NextU64());
  EXPECT_NE(first, source.Open({Purpose::kOrder, 4, 7, 1}).NextU64());
  EXPECT_NE(first, source.Open({Purpose::kOrder, 3, 8, 1}).NextU64());
  EXPECT_NE(first, source.Open({Purpose::kOrder, 3, 7, 2}).NextU64());
  EXPECT_NE(first, SeededRandom(43).Open(base).NextU64());
}

TEST(RandomStreamTest, PermutationHoldsEveryIndexOnce) {
  auto order = SeededRandom(1).Open({}).Permutation(1000);
  std::sort(order.begin(), order.end());
  std::vector<std::uint32_t> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(order, expected);
}

TEST(RandomStreamTest, BelowStaysBelowAndReachesEveryValue) {
  auto stream = SeededRandom(1).Open({});
  std::array<int, 7> seen{};
  for (int i = 0; i < 7000; ++i) ++seen.at(stream.Below(7));
  for (const int count : seen) EXPECT_GT(count, 800);
}

TEST(RandomStreamTest, NormalAndGammaHaveTheirMoments) {
  auto stream = SeededRandom(1).Open({});
  constexpr int kDraws = 200'000;
  double sum = 0, squares = 0, gamma = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = stream.Normal();
    sum += x;
    squares += x * x;
    gamma += stream.Gamma(0.5);
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.01);  // about 4.5 standard errors
  EXPECT_NEAR(squares / kDraws, 1, 0.015);
  EXPECT_NEAR(gamma / kDraws, 0.5, 0.01);
}

}  // namespace
}  // namespace cairn
