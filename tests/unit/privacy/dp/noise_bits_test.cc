#include "privacy/dp/noise_bits.h"

#include <gtest/gtest.h>

#include <set>

namespace cairn {
namespace {

TEST(NoiseBitsTest, SimulatedNoiseRepeatsAndSaysThatItProtectsNobody) {
  NoiseBits a = NoiseBits::Simulated(5), b = NoiseBits::Simulated(5), other = NoiseBits::Simulated(6);
  EXPECT_FALSE(a.is_secure());
  std::set<std::uint64_t> words;
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t word = a();
    EXPECT_EQ(word, b());
    words.insert(word);
    words.insert(other());
  }
  EXPECT_EQ(words.size(), 10000u);
}

TEST(NoiseBitsTest, TwoSourcesOfTheSystemDiffer) {
  NoiseBits a = NoiseBits::FromSystem(), b = NoiseBits::FromSystem();
  EXPECT_TRUE(a.is_secure());
  EXPECT_NE(a(), b());
}

TEST(NoiseBitsTest, WordsAreTheKeystreamOfItsKey) {
  std::array<std::byte, 32> key{};
  key[0] = std::byte{9};
  std::array<std::uint64_t, 1500> expected;
  CtrStream(std::span<const std::byte, 32>(key)).Fill(0, std::as_writable_bytes(std::span(expected)));
  NoiseBits bits = NoiseBits::Simulated(9);
  for (const std::uint64_t word : expected) ASSERT_EQ(bits(), word);
}

TEST(NoiseBitsTest, NumbersBelowABoundAreUniform) {
  NoiseBits bits = NoiseBits::Simulated(7);
  std::array<int, 5> counts{};
  for (int i = 0; i < 100'000; ++i) ++counts[bits.Below(std::uint64_t{5})];
  for (const int count : counts) EXPECT_NEAR(count, 20'000, 6 * 127);  // six standard errors
  const unsigned __int128 wide = static_cast<unsigned __int128>(3) << 80;
  int high = 0;
  for (int i = 0; i < 90'000; ++i) high += bits.Below(wide) >= wide / 3 * 2 ? 1 : 0;
  EXPECT_NEAR(high, 30'000, 6 * 142);
  EXPECT_EQ(bits.Below(std::uint64_t{1}), 0u);
}

}  // namespace
}  // namespace cairn
