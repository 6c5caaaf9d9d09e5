// Numbers of dp_accounting (google/differential-privacy), Opacus and TensorFlow Privacy. Prints the whole
// table.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <set>

#include "tests/unit/privacy/accounting/reference_rows.h"

namespace cairn {
namespace {

class ReferenceNumbersTest : public testing::TestWithParam<ReferenceRow> {};

TEST_P(ReferenceNumbersTest, IsReproducedWithinItsTolerance) {
  const ReferenceRow& row = GetParam();
  const auto start = std::chrono::steady_clock::now();
  const double ours = row.ours();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  const bool is_within = row.low <= ours && ours <= row.high;
  std::printf("| %-4s | %-52s | %-4s | %-16.10g | %-16.11g | %-16.10g … %-16.10g | %6.0f ms | %s |\n",
              row.id.c_str(), row.mechanism.c_str(), row.source.c_str(), row.published, ours, row.low,
              row.high, took.count(), is_within ? "ok" : "MISS");
  EXPECT_GE(ours, row.low);
  EXPECT_LE(ours, row.high);
}

INSTANTIATE_TEST_SUITE_P(All, ReferenceNumbersTest, testing::ValuesIn(ReferenceRows()),
                         [](const auto& row) { return "Row" + row.param.id; });

TEST(ReferenceTableTest, EveryRowButTheTwoOfUnbuiltMechanismsIsHere) {
  std::set<int> seen;
  for (const ReferenceRow& row : ReferenceRows()) seen.insert(std::stoi(row.id));
  for (int row = 1; row <= 56; ++row) {
    const bool is_unbuilt = row == 7 || row == 54;  // sampling without replacement; tree noise
    EXPECT_EQ(seen.count(row), is_unbuilt ? 0u : 1u) << row;
  }
}

}  // namespace
}  // namespace cairn
