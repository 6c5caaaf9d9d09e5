#include "privacy/secagg/shared/mask_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "core/base/random.h"
#include "privacy/crypto/ctr_stream.h"
#include "privacy/crypto/text_codec.h"
#include "privacy/secagg/shared/mask_blocks.h"

namespace cairn::secagg {
namespace {

using Key = std::array<std::byte, 32>;

Key RandomKey(RandomStream& random) {
  Key key;
  for (std::byte& byte : key) byte = static_cast<std::byte>(random.NextU32());
  return key;
}

template <class Word>
std::vector<Word> RandomWords(std::size_t size, RandomStream& random) {
  std::vector<Word> words(size);
  for (Word& word : words) word = static_cast<Word>(random.NextU64());
  return words;
}

// The plain loop: word i of OpenSSL's keystream, one byte after the other.
template <class Word>
void OracleAdd(std::span<const MaskTerm> terms, std::uint64_t first_word, std::span<Word> words) {
  for (const MaskTerm& term : terms) {
    Bytes stream(words.size_bytes());
    CtrStream(term.key).Fill(first_word * sizeof(Word), stream);
    for (std::size_t i = 0; i < words.size(); ++i) {
      Word mask = 0;
      for (std::size_t b = 0; b < sizeof(Word); ++b) {
        mask |= static_cast<Word>(std::to_integer<Word>(stream[i * sizeof(Word) + b]) << (8 * b));
      }
      words[i] = term.subtract ? words[i] - mask : words[i] + mask;
    }
  }
}

class MaskKernelTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!ForceMaskKernel(GetParam())) GTEST_SKIP() << "this CPU has no " << GetParam();
    ASSERT_STREQ(MaskKernel(), GetParam());
  }
  void TearDown() override { ForceMaskKernel("auto"); }

  // Words that start `skew` words into their memory, between two that must stay.
  template <class Word>
  static void ExpectOracle(std::size_t keys, std::uint64_t first_word, std::size_t size, std::uint64_t seed) {
    SCOPED_TRACE(std::to_string(keys) + " keys, " + std::to_string(size) + " words of " +
                 std::to_string(sizeof(Word)) + " from " + std::to_string(first_word));
    RandomStream random = SeededRandom(seed).Open({});
    std::vector<Key> secrets(keys);
    std::vector<MaskTerm> terms;
    for (Key& key : secrets) {
      key = RandomKey(random);
      terms.push_back({key, random.Below(2) == 1});
    }
    const std::size_t skew = 1 + random.Below(17);
    std::vector<Word> memory = RandomWords<Word>(skew + size + 1, random);
    std::vector<Word> expected = memory;
    AddMasks(terms, first_word, std::span(memory).subspan(skew, size));
    OracleAdd(terms, first_word, std::span(expected).subspan(skew, size));
    ASSERT_EQ(memory, expected);
  }
  template <class Word>
  static std::uint64_t RandomPlace(RandomStream& random) {
    constexpr std::uint64_t kWordsABlock = 16 / sizeof(Word);
    return kWordsABlock * random.Below((1ull << 32) - 10'000);
  }
};

TEST_P(MaskKernelTest, EqualsThePlainLoopForEveryShortLength) {
  for (std::size_t size = 0; size < 300; ++size) {
    ExpectOracle<std::uint32_t>(1 + size % 3, 4 * size, size, size);
    ExpectOracle<std::uint64_t>(1 + size % 3, 2 * size, size, size);
  }
}

TEST_P(MaskKernelTest, EqualsThePlainLoopAtRandomPlacesAndLengths) {
  RandomStream random = SeededRandom(7).Open({});
  for (std::uint64_t i = 0; i < 60; ++i) {
    ExpectOracle<std::uint32_t>(1, RandomPlace<std::uint32_t>(random), random.Below(20'000), 2 * i);
    ExpectOracle<std::uint64_t>(1, RandomPlace<std::uint64_t>(random), random.Below(10'000), 2 * i + 1);
  }
}

// Long vectors start on every place within a step and within a tile, and end on every place too.
TEST_P(MaskKernelTest, EqualsThePlainLoopForLongVectors) {
  for (std::size_t i = 0; i < 70; ++i) {
    ExpectOracle<std::uint32_t>(2, 4 * (1000 + 37 * i), 20'000 + i, i);
    ExpectOracle<std::uint64_t>(2, 2 * i, 8'000 + 17 * i, i);
  }
  for (const std::size_t keys : {31, 32, 33}) ExpectOracle<std::uint32_t>(keys, 64, 12'345, keys);
}

TEST_P(MaskKernelTest, EqualsThePlainLoopForManyKeys) {
  for (const std::size_t keys : {0, 2, 7, 8, 9, 31, 32, 33, 70}) {
    ExpectOracle<std::uint32_t>(keys, 400, 4103, keys);
    ExpectOracle<std::uint64_t>(keys, 400, 2053, keys);
  }
}

TEST_P(MaskKernelTest, TheLastBlocksOfAKeyAreUsedAndNoMore) {
  for (const std::size_t left : {1, 3, 4, 63, 128, 129, 4099}) {
    const std::uint64_t first = (1ull << 34) - (left + 3) / 4 * 4;
    ExpectOracle<std::uint32_t>(1, first, left, left);
  }
  ExpectOracle<std::uint64_t>(1, (1ull << 33) - 2, 2, 1);
}

TEST_P(MaskKernelTest, AMaskTakenOffLeavesTheVector) {
  RandomStream random = SeededRandom(3).Open({});
  const Key a = RandomKey(random), b = RandomKey(random);
  const std::vector<std::uint32_t> plain = RandomWords<std::uint32_t>(10'001, random);
  std::vector<std::uint32_t> words = plain;
  const MaskTerm on[] = {{a, false}, {b, true}}, off[] = {{b, false}, {a, true}};
  AddMasks(on, 0, std::span(words));
  EXPECT_NE(words, plain);
  AddMasks(off, 0, std::span(words));
  EXPECT_EQ(words, plain);
}

TEST_P(MaskKernelTest, RangesMaskedAloneGiveTheWhole) {
  RandomStream random = SeededRandom(4).Open({});
  const Key key = RandomKey(random);
  const MaskTerm term{key, false};
  std::vector<std::uint32_t> whole(50'000), parts(50'000);
  AddMasks({&term, 1}, 0, std::span(whole));
  {
    std::vector<std::jthread> lanes;
    for (std::size_t at = 0; at < parts.size(); at += 12'500) {
      lanes.emplace_back([&, at] { AddMasks({&term, 1}, at, std::span(parts).subspan(at, 12'500)); });
    }
  }
  EXPECT_EQ(parts, whole);
}

// The vector of the protocol's specification: the mask of sites 0 and 1.
TEST_P(MaskKernelTest, GivesTheWordsOfTheSpecifiedMaskKey) {
  const Bytes key = *FromHex("839ef5f166c486b9b7fd99f7c278e988b867c364572d41257dd9369c58c66f6f");
  const MaskTerm term{std::span(key).first<32>(), false};
  std::vector<std::uint32_t> words(4);
  AddMasks({&term, 1}, 0, std::span(words));
  EXPECT_EQ(words, (std::vector<std::uint32_t>{0x73b5a816, 0x64242797, 0x9ad990a1, 0xd08dca1f}));
  words.assign(4, 0);
  AddMasks({&term, 1}, 1 << 20, std::span(words));
  EXPECT_EQ(words, (std::vector<std::uint32_t>{0x62e3074c, 0x026cd2d7, 0x6ea06b8f, 0x359e52a4}));
  std::vector<std::uint64_t> wide(2);
  AddMasks({&term, 1}, 0, std::span(wide));
  EXPECT_EQ(wide, (std::vector<std::uint64_t>{0x6424279773b5a816, 0xd08dca1f9ad990a1}));
}

INSTANTIATE_TEST_SUITE_P(Levels, MaskKernelTest, ::testing::Values("vaes512", "aesni", "openssl"),
                         [](const auto& level) { return std::string(level.param); });

TEST(MaskKernelBoundTest, PlacesOutsideAKeysStreamAreOurMistake) {
  const Key key{};
  const MaskTerm term{key, false};
  std::vector<std::uint32_t> words(5);
  std::vector<std::uint64_t> wide(3);
  EXPECT_DEATH(AddMasks({&term, 1}, (1ull << 34) - 4, std::span(words)), "2\\^32 blocks");
  EXPECT_DEATH(AddMasks({&term, 1}, 1ull << 62, std::span(words)), "2\\^32 blocks");
  EXPECT_DEATH(AddMasks({&term, 1}, (1ull << 33) - 2, std::span(wide)), "2\\^32 blocks");
  EXPECT_DEATH(AddMasks({&term, 1}, 2, std::span(words)), "starts on a block");
}

#if defined(__x86_64__)
bool Never() { return false; }
void AddNothing(const std::byte*, const std::byte*, std::uint32_t, std::byte*, std::size_t) {}

TEST(MaskKernelChoiceTest, AKernelThatDiffersIsSwitchedOffAndThatIsVisible) {
  if (!kAesNiBlocks.supported()) GTEST_SKIP() << "this CPU has no aesni";
  MaskBlocks broken = kAesNiBlocks;
  broken.make_heads = [](const std::byte*, std::byte*) {};
  const MaskBlocks* only_broken[] = {&broken, nullptr};
  EXPECT_EQ(ChooseMaskBlocks(only_broken).blocks, nullptr);
  EXPECT_TRUE(ChooseMaskBlocks(only_broken).fault);
  const MaskBlocks* next[] = {&broken, &kAesNiBlocks, nullptr};
  EXPECT_EQ(ChooseMaskBlocks(next).blocks, &kAesNiBlocks);
  EXPECT_TRUE(ChooseMaskBlocks(next).fault);
}

TEST(MaskKernelChoiceTest, AKernelWrongInOneSignOfOneWordIsFound) {
  if (!kAesNiBlocks.supported()) GTEST_SKIP() << "this CPU has no aesni";
  for (AddKeystream MaskBlocks::*part :
       {&MaskBlocks::add32, &MaskBlocks::subtract32, &MaskBlocks::add64, &MaskBlocks::subtract64}) {
    MaskBlocks broken = kAesNiBlocks;
    broken.*part = AddNothing;
    const MaskBlocks* order[] = {&broken};
    EXPECT_TRUE(ChooseMaskBlocks(order).fault);
  }
}

TEST(MaskKernelChoiceTest, WhatTheCpuLacksIsNoFault) {
  MaskBlocks lacking = kVaes512Blocks;
  lacking.supported = Never;
  const MaskBlocks* order[] = {&lacking};
  EXPECT_EQ(ChooseMaskBlocks(order).blocks, nullptr);
  EXPECT_FALSE(ChooseMaskBlocks(order).fault);
}
#endif

TEST(MaskKernelChoiceTest, TheKernelsOfThisMachineAgree) {
  EXPECT_FALSE(MaskKernelFault());
  EXPECT_FALSE(ForceMaskKernel("another"));
}

// χ² of `cells` equally likely counts as a standard normal (Wilson and Hilferty, 1931).
double ChiSquareZ(const std::vector<std::uint64_t>& counts, double total) {
  const double expected = total / static_cast<double>(counts.size());
  double chi2 = 0;
  for (const std::uint64_t count : counts) {
    chi2 += (static_cast<double>(count) - expected) * (static_cast<double>(count) - expected) / expected;
  }
  const double freedom = static_cast<double>(counts.size() - 1), spread = 2.0 / (9 * freedom);
  return (std::cbrt(chi2 / freedom) - (1 - spread)) / std::sqrt(spread);
}

constexpr double kZ = 3.89;  // |z| above it: p < 1e-4, two-sided

// A vector of small values, as an update is, under one mask. Keys are fixed: no false alarm once it passes.
class MaskedVectorTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kWords = std::size_t{1} << 16, kVectors = 1526;  // 10^8 words

  template <class Visit>
  static void ForEachMasked(Visit visit) {
    RandomStream random = SeededRandom(11).Open({});
    const Key key = RandomKey(random);
    const MaskTerm term{key, false};
    std::vector<std::uint32_t> words(kWords);
    for (std::size_t v = 0; v < kVectors; ++v) {
      for (std::size_t i = 0; i < kWords; ++i) words[i] = static_cast<std::uint32_t>(i % 7) - 3;
      AddMasks({&term, 1}, v * kWords, std::span(words));
      visit(std::span<const std::uint32_t>(words));
    }
  }
};

TEST_F(MaskedVectorTest, HalvesOfWordsAreUniform) {
  std::vector<std::uint64_t> high(1 << 16), low(1 << 16);
  ForEachMasked([&](std::span<const std::uint32_t> words) {
    for (const std::uint32_t word : words) ++high[word >> 16], ++low[word & 0xffff];
  });
  EXPECT_LT(std::fabs(ChiSquareZ(high, kWords * kVectors)), kZ);
  EXPECT_LT(std::fabs(ChiSquareZ(low, kWords * kVectors)), kZ);
}

TEST_F(MaskedVectorTest, NeighboursAreIndependent) {
  std::vector<std::uint64_t> pairs(1 << 16);
  double products = 0;
  ForEachMasked([&](std::span<const std::uint32_t> words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
      ++pairs[(words[i - 1] >> 24) << 8 | words[i] >> 24];
      products +=
          static_cast<double>(static_cast<std::int32_t>(words[i - 1])) * static_cast<std::int32_t>(words[i]);
    }
  });
  const double n = static_cast<double>((kWords - 1) * kVectors);
  EXPECT_LT(std::fabs(ChiSquareZ(pairs, n)), kZ);
  // Of two independent uniform words in ±2^31 the product has mean 0 and deviation 2^62 / 3.
  EXPECT_LT(std::fabs(products / std::sqrt(n) / (0x1p62 / 3)), kZ);
}

}  // namespace
}  // namespace cairn::secagg
