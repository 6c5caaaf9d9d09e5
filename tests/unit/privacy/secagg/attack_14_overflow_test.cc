// Pitfall 14: sums that wrap around. The bound is checked before any key is drawn; what a site forges beyond
// it shows in the counts and ranges that the decoder holds the sum to.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

TEST(AttackOverflowTest, OneUnitAboveTheBoundIsRefusedByBothSides) {
  for (const Ring ring : {Ring::k32, Ring::k64}) {
    SecAggScript script({.n = 8, .ring = ring});
    const int bits = static_cast<int>(ring);
    // Counts are never negative: n_max · Q < 2^r.
    const std::uint64_t most = bits == 32 ? (std::uint64_t{1} << 32) / 8 - 1 : ~std::uint64_t{0} / 8;
    script.terms.sections[0].bound = most;
    EXPECT_TRUE(script.NewClient(0).ok());
    EXPECT_TRUE(script.NewServer().ok());
    script.terms.sections[0].bound = most + 1;
    EXPECT_TRUE(FailsWith(script.NewClient(0), errors::kSecAggWrap));
    EXPECT_TRUE(FailsWith(script.NewServer(), errors::kSecAggWrap));
  }
}

TEST(AttackOverflowTest, ARealSectionIsSignedAndHasOneBitLess) {
  SecAggScript script({.n = 8});
  const auto with_fraction = [&](std::uint8_t f) {
    script.terms.sections[0] = {"parameters", 16, 1.0, f, std::uint64_t{1} << f};
    return script.NewClient(0);
  };
  EXPECT_TRUE(with_fraction(27).ok());
  EXPECT_TRUE(FailsWith(with_fraction(28), errors::kSecAggWrap));
}

TEST(AttackOverflowTest, AForgedWordOrCountLeavesTheRangesOfTheSum) {
  SecAggScript script({.n = 5});
  script.inputs[3][0] = 0x9000'0000u;
  script.inputs[3].back() = 2;  // one of the four counts
  script.Advertise();
  script.Share();
  script.Mask();
  script.Agree();
  script.Unmask();
  const auto sum = script.OpenSum();
  ASSERT_TRUE(sum.has_value());
  EXPECT_GT(sum->front(), 5 * SecAggScript::kBound);
  EXPECT_NE(sum->back(), 5u);
}

}  // namespace
}  // namespace cairn::secagg
