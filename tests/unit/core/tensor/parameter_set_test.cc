#include "core/tensor/parameter_set.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cairn {
namespace {

ParameterSpec SmallSpec() {
  return ParameterSpec::Create({{"w", {2}, Role::kParameter, Scope::kExchanged},
                                {"v", {3}, Role::kParameter, Scope::kLocal},
                                {"mean", {2}, Role::kBuffer, Scope::kExchanged},
                                {"n", {2}, Role::kCounter, Scope::kExchanged}})
      .value();
}

TEST(ParameterSetTest, StartsAtZeroWithEverySpanInOneAlignedArena) {
  ParameterSet set(SmallSpec());
  EXPECT_EQ(set.floats().size(), 7u);
  EXPECT_EQ(set.parameters().size(), 5u);
  EXPECT_EQ(set.buffers().data(), set.parameters().data() + 5);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(set.bytes().data()) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(set.counters().data()) % alignof(std::int64_t), 0u);
  EXPECT_EQ(set.bytes().size(), 7u * 4 + 4 + 16);
  EXPECT_TRUE(
      std::all_of(set.bytes().begin(), set.bytes().end(), [](std::byte b) { return b == std::byte{0}; }));
}

TEST(ParameterSetTest, TensorIsAViewIntoTheArena) {
  ParameterSet set(SmallSpec());
  set.tensor(1)[2] = 7;
  set.tensor(2)[0] = 8;
  EXPECT_EQ(set.floats()[4], 7);
  EXPECT_EQ(set.floats()[5], 8);
}

TEST(ParameterSetTest, CloneHoldsEqualBytesOfItsOwn) {
  ParameterSet set(SmallSpec());
  set.floats()[0] = 3;
  set.counters()[1] = 9;
  const ParameterSet copy = set.Clone();
  set.floats()[0] = 4;
  EXPECT_EQ(copy.floats()[0], 3);
  EXPECT_EQ(copy.counters()[1], 9);
  EXPECT_EQ(copy.spec(), set.spec());
}

TEST(ParameterSetTest, EmptySetHasNoBytes) {
  const ParameterSet empty;
  EXPECT_TRUE(empty.bytes().empty());
  EXPECT_TRUE(empty.Clone().floats().empty());
}

TEST(ParameterSetTest, LargeArenaIsZeroToo) {
  ParameterSet set(ParameterSpec::Create({{"w", {1 << 20}, Role::kParameter, Scope::kExchanged}}).value());
  EXPECT_TRUE(std::all_of(set.floats().begin(), set.floats().end(), [](float f) { return f == 0; }));
}

}  // namespace
}  // namespace cairn
