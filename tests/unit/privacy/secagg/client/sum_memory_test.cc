#include "privacy/secagg/client/sum_memory.h"

#include <gtest/gtest.h>

namespace cairn::secagg {
namespace {

TEST(SumMemoryTest, EmptyMemoryRefusesNothing) { EXPECT_TRUE(SumMemory().Check({1, 2, 3}, 3).ok()); }

TEST(SumMemoryTest, SetsFewerThanTheFloorApartAreRefused) {
  SumMemory memory;
  memory.Keep({0, 1, 2, 3, 4, 5});
  EXPECT_TRUE(memory.Check({0, 1, 2, 3, 4, 5}, 4).ok());
  EXPECT_EQ(memory.Check({0, 1, 2, 3, 4}, 4).id(), errors::kSecAggSums);
  EXPECT_EQ(memory.Check({0, 1, 2, 3, 4, 6}, 4).id(), errors::kSecAggSums);  // two apart
  EXPECT_EQ(memory.Check({0, 1, 2, 3, 6}, 4).id(), errors::kSecAggSums);     // three
  EXPECT_TRUE(memory.Check({0, 1, 2, 3, 6, 7}, 4).ok());                     // four
  EXPECT_TRUE(memory.Check({10, 11, 12, 13}, 4).ok());
}

TEST(SumMemoryTest, AThirdDistinctSetIsRefusedHoweverFar) {
  SumMemory memory;
  memory.Keep({0, 1, 2, 3});
  memory.Keep({0, 1, 2, 3});
  EXPECT_EQ(memory.kept().size(), 1u);
  memory.Keep({4, 5, 6, 7});
  EXPECT_EQ(memory.Check({8, 9, 10, 11, 12}, 4).id(), errors::kSecAggSums);
  EXPECT_TRUE(memory.Check({4, 5, 6, 7}, 4).ok());
}

}  // namespace
}  // namespace cairn::secagg
