#include "client/learning/poisson_lot.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "client/learning/private_terms.h"
#include "tests/unit/client/learning/made_examples.h"

namespace cairn {
namespace {

TEST(UnitIndexTest, EveryRowIsAUnitWhereTheDataNameNone) {
  const MadeExamples data({2}, 2, 5, 1);
  const UnitIndex index(data);
  ASSERT_EQ(index.size(), 5u);
  for (std::uint32_t u = 0; u < 5; ++u) {
    ASSERT_EQ(index.rows(u).size(), 1u);
    EXPECT_EQ(index.rows(u)[0], u);
  }
}

TEST(UnitIndexTest, RowsOfAPatientComeTogetherAlsoOutOfASubset) {
  const auto patients =
      std::make_shared<UnitSource>(std::make_shared<MadeExamples>(std::vector<std::int64_t>{2}, 2, 6, 1),
                                   std::vector<std::uint32_t>{7, 3, 7, 9, 3, 7});
  const UnitIndex all(*patients);
  ASSERT_EQ(all.size(), 3u);
  const auto rows = [](const UnitIndex& index, std::uint32_t unit) {
    return std::vector<std::uint32_t>(index.rows(unit).begin(), index.rows(unit).end());
  };
  EXPECT_EQ(rows(all, 0), (std::vector<std::uint32_t>{1, 4}));
  EXPECT_EQ(rows(all, 1), (std::vector<std::uint32_t>{0, 2, 5}));
  EXPECT_EQ(rows(all, 2), (std::vector<std::uint32_t>{3}));
  const Subset half(patients, {5, 1, 0});
  const UnitIndex some(half);
  ASSERT_EQ(some.size(), 2u);
  EXPECT_EQ(rows(some, 0), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(rows(some, 1), (std::vector<std::uint32_t>{0, 2}));
}

TEST(UnitIndexTest, NoRowsAreNoUnits) { EXPECT_EQ(UnitIndex(MadeExamples({2}, 2, 0, 1)).size(), 0u); }

TEST(PoissonLotTest, RateOneTakesEveryoneAndSmallRatesLeaveLotsEmpty) {
  NoiseBits bits = NoiseBits::Simulated(1);
  std::vector<LotMember> lot;
  DrawLot(100, kWholeSamplingRate, 1, bits, lot);
  ASSERT_EQ(lot.size(), 100u);
  for (std::uint32_t u = 0; u < 100; ++u) EXPECT_EQ(lot[u].unit, u);
  int empty = 0;
  for (int i = 0; i < 100; ++i) {
    DrawLot(100, kWholeSamplingRate / 1000, 1, bits, lot);
    empty += lot.empty() ? 1 : 0;
  }
  EXPECT_GT(empty, 50);
}

TEST(PoissonLotTest, MembersComeByBlockThenByUnit) {
  NoiseBits bits = NoiseBits::Simulated(2);
  std::vector<LotMember> lot;
  DrawLot(1000, kWholeSamplingRate / 2, 4, bits, lot);
  std::uint32_t blocks = 1;
  for (std::size_t i = 1; i < lot.size(); ++i) {
    if (lot[i].block != lot[i - 1].block) ++blocks;
    EXPECT_TRUE(lot[i].block > lot[i - 1].block ||
                (lot[i].block == lot[i - 1].block && lot[i].unit > lot[i - 1].unit));
    EXPECT_NE(lot[i].dropout_key, lot[i - 1].dropout_key);
  }
  EXPECT_EQ(blocks, 4u);
}

}  // namespace
}  // namespace cairn
