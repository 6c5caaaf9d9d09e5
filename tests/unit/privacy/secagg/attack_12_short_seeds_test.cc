// Pitfall 12: masks from short seeds or reduced with bias. Keys are 256 bits by type, rings powers of two,
// words taken whole; masked vectors look uniform.
#include <cmath>
#include <type_traits>

#include "privacy/secagg/shared/mask_kernel.h"
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

// A key of another length is not a mask's key, and words are of the ring's width.
static_assert(decltype(MaskTerm::key)::extent == 32);
static_assert(!std::is_constructible_v<std::span<const std::byte, 32>, std::uint32_t>);
static_assert(std::is_invocable_v<decltype([](auto t, auto w) -> decltype(AddMasks(t, 0, w)) {}),
                                  std::span<const MaskTerm>, std::span<std::uint32_t>>);
static_assert(static_cast<int>(Ring::k32) == 8 * sizeof(std::uint32_t));
static_assert(static_cast<int>(Ring::k64) == 8 * sizeof(std::uint64_t));

TEST(AttackShortSeedsTest, EveryByteOfMaskedZerosIsUniform) {
  for (const Ring ring : {Ring::k32, Ring::k64}) {
    SecAggScript script({.n = 3, .ring = ring, .length = 65'536});
    for (auto& input : script.inputs) std::fill(input.begin(), input.end(), 0);
    script.Advertise();
    script.Share();
    script.Mask();
    const unsigned width = static_cast<unsigned>(ring) / 8;
    for (unsigned byte = 0; byte < width; ++byte) {
      std::array<double, 256> counts{};
      for (const std::uint64_t word : script.masked[1]) ++counts[(word >> (8 * byte)) & 0xff];
      const double expected = static_cast<double>(script.masked[1].size()) / 256;
      double chi = 0;
      for (const double count : counts) chi += (count - expected) * (count - expected) / expected;
      // 255 degrees of freedom: mean 255, standard deviation 22.6; seeds are fixed, six deviations never come
      // by chance.
      EXPECT_LT(std::abs(chi - 255), 6 * 22.6) << "byte " << byte << ", ring " << static_cast<int>(ring);
    }
  }
}

TEST(AttackShortSeedsTest, EveryWordOfEveryPairHasItsOwnMask) {
  SecAggScript script({.n = 5, .length = 4096});
  for (auto& input : script.inputs) std::fill(input.begin(), input.end(), 0);
  script.Advertise();
  script.Share();
  script.Mask();
  std::set<std::uint64_t> words;
  for (const auto& masked : script.masked) words.insert(masked.begin(), masked.end());
  EXPECT_GT(words.size(), 5u * 4096 - 64) << "the birthday bound at 2^32 allows about 0.05 repeats";
}

}  // namespace
}  // namespace cairn::secagg
