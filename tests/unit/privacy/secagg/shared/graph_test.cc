#include "privacy/secagg/shared/graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "tests/testing/fixed_bytes.h"

namespace cairn::secagg {
namespace {

Sha256Digest Context(unsigned fill) {
  Sha256Digest digest;
  digest.bytes.fill(static_cast<std::byte>(fill));
  return digest;
}

GraphAssumptions Assumed(double colluding, double dropping, int bits) { return {colluding, dropping, bits}; }

struct TableRow {
  std::size_t n;
  double colluding, dropping;
  int bits;
  std::uint32_t k, t;  // 0, 0: refused
};

// The table of the secure aggregation page, "Parameters".
constexpr double kThird = 1.0 / 3;
const TableRow kTable[] = {
    {200, .05, .05, 40, 32, 22},     {200, .05, .05, 80, 32, 22},      {200, .10, .10, 40, 60, 41},
    {200, .10, .10, 80, 60, 41},     {1000, .05, .05, 40, 60, 41},     {1000, .05, .05, 80, 76, 55},
    {1000, .10, .10, 40, 114, 78},   {1000, .10, .10, 80, 138, 98},    {10000, .05, .05, 40, 74, 51},
    {10000, .05, .05, 80, 94, 68},   {10000, .10, .10, 40, 144, 98},   {10000, .10, .10, 80, 182, 129},
    {10000, .20, .10, 40, 214, 155}, {10000, .20, .10, 80, 0, 0},      {10000, kThird, .10, 40, 0, 0},
    {10000, kThird, .10, 80, 0, 0},  {100000, .10, .10, 40, 156, 106}, {100000, .10, .10, 80, 198, 140},
};

TEST(GraphParametersTest, GivesTheTableOfTheSpecification) {
  for (const TableRow& row : kTable) {
    const auto pair = GraphParameters::Compute(row.n, Assumed(row.colluding, row.dropping, row.bits));
    const std::string where =
        std::to_string(row.n) + ", " + std::to_string(row.colluding) + ", s = " + std::to_string(row.bits);
    if (row.k == 0) {
      ASSERT_FALSE(pair.ok()) << where << ": " << pair->k << ", " << pair->t;
      EXPECT_EQ(pair.status().id(), errors::kJobRefused) << where;
      continue;
    }
    ASSERT_TRUE(pair.ok()) << where << ": " << pair.status().ToString();
    EXPECT_EQ(*pair, (GraphParameters{row.k, row.t})) << where << ": " << pair->k << ", " << pair->t;
  }
}

// The column of least k, odd or even, at s = 40: the pair holds and no pair with one neighbour fewer does.
TEST(GraphParametersTest, ThePairsOfLeastKHoldAndNoneBelowThem) {
  for (const TableRow& row :
       {TableRow{200, .05, .05, 40, 31, 21}, TableRow{200, .10, .10, 40, 59, 40},
        TableRow{1000, .05, .05, 40, 60, 41}, TableRow{1000, .10, .10, 40, 113, 77},
        TableRow{10000, .05, .05, 40, 73, 50}, TableRow{10000, .10, .10, 40, 143, 97},
        TableRow{10000, .20, .10, 40, 211, 153}, TableRow{100000, .10, .10, 40, 156, 106}}) {
    const GraphAssumptions assumed = Assumed(row.colluding, row.dropping, row.bits);
    const Status holds = GraphParameters{row.k, row.t}.Check(row.n, assumed);
    EXPECT_TRUE(holds.ok()) << row.n << ": " << holds.ToString();
    for (std::uint32_t t = 1; t < row.k; ++t) {
      EXPECT_FALSE((GraphParameters{row.k - 1, t}.Check(row.n, assumed).ok())) << row.n << ", t = " << t;
    }
  }
}

// The pairs that would do against an aggregator that only listens have t ≤ 2k/3.
TEST(GraphParametersTest, PairsForAnAggregatorThatOnlyListensAreRefused) {
  for (const TableRow& row :
       {TableRow{200, .05, .05, 40, 21, 11}, TableRow{200, .10, .10, 40, 35, 19},
        TableRow{1000, .05, .05, 40, 31, 17}, TableRow{1000, .10, .10, 40, 52, 28},
        TableRow{10000, .05, .05, 40, 37, 20}, TableRow{10000, .10, .10, 40, 60, 32},
        TableRow{10000, .20, .10, 40, 87, 53}, TableRow{10000, kThird, .10, 40, 140, 95},
        TableRow{100000, .10, .10, 40, 64, 34}}) {
    const Status status =
        GraphParameters{row.k, row.t}.Check(row.n, Assumed(row.colluding, row.dropping, row.bits));
    EXPECT_EQ(status.id(), errors::kJobRefused) << row.n << ", " << row.k;
  }
}

TEST(GraphParametersTest, WhatIsNoGraphIsRefused) {
  const GraphAssumptions assumed;
  EXPECT_TRUE((GraphParameters{182, 129}.Check(10000, assumed).ok()));
  for (const GraphParameters& pair : {GraphParameters{0, 1}, GraphParameters{1, 1}, GraphParameters{256, 180},
                                      GraphParameters{182, 0}, GraphParameters{182, 183}}) {
    EXPECT_EQ(pair.Check(10000, assumed).id(), errors::kJobRefused) << pair.k << ", " << pair.t;
  }
  EXPECT_FALSE((GraphParameters{8, 6}.Check(8, assumed).ok()));
  EXPECT_FALSE(GraphParameters::Compute(2, assumed).ok());
  EXPECT_FALSE(GraphParameters::Compute(1000, Assumed(1, .1, 80)).ok());
  EXPECT_FALSE(GraphParameters::Compute(1000, Assumed(.1, -.1, 80)).ok());
  EXPECT_FALSE(GraphParameters::Compute(1000, Assumed(.1, .1, 0)).ok());
}

TEST(CompleteThresholdTest, GivesTheTableOfTheSpecification) {
  const std::pair<std::size_t, std::uint32_t> table[] = {{3, 3},   {4, 3},   {5, 4},    {8, 6},
                                                         {10, 7},  {16, 11}, {20, 14},  {32, 22},
                                                         {50, 34}, {64, 43}, {100, 67}, {128, 86}};
  for (const auto& [n, t] : table) EXPECT_EQ(CompleteThreshold(n), t) << n;
}

TEST(GraphTest, SeedAndPermutationAreThoseOfTheSpecification) {
  const Sha256Digest seed = GraphSeed(Context(0x11));
  EXPECT_EQ(seed.hex(), "0e83ad3856e99528122532763a757cbba3705ad71fe31d8525aff50ca24c3531");
  EXPECT_EQ(GraphPermutation(12, seed), (std::vector<Position>{11, 5, 2, 1, 3, 4, 7, 8, 0, 9, 10, 6}));
}

TEST(GraphTest, NeighboursAreNearestOnTheRing) {
  const Graph graph = Graph::Make(12, 4, Context(0x11)).value();
  EXPECT_EQ(graph.Neighbours(3), (std::vector<Position>{1, 2, 4, 7}));    // ring … 2 1 [3] 4 7 …
  EXPECT_EQ(graph.Neighbours(11), (std::vector<Position>{2, 5, 6, 10}));  // ring … 10 6 [11] 5 2 …
}

TEST(GraphTest, RegularGraphIsSymmetricRegularAndDeterministic) {
  for (const auto& [n, k] : std::vector<std::pair<std::size_t, std::uint32_t>>{
           {3, 2}, {5, 2}, {5, 4}, {8, 6}, {31, 30}, {32, 8}, {129, 60}, {500, 114}, {2000, 254}}) {
    const Graph graph = Graph::Make(n, k, Context(1)).value(), again = Graph::Make(n, k, Context(1)).value();
    EXPECT_FALSE(graph.is_complete());
    EXPECT_EQ(graph.threshold(9), 9u);
    std::vector<std::set<Position>> neighbours(n);
    for (Position p = 0; p < n; ++p) {
      const std::vector<Position> list = graph.Neighbours(p);
      ASSERT_TRUE(std::is_sorted(list.begin(), list.end()));
      neighbours[p] = {list.begin(), list.end()};
      ASSERT_EQ(neighbours[p].size(), k);
      ASSERT_EQ(neighbours[p].count(p), 0u);
      ASSERT_EQ(list, again.Neighbours(p));
      ASSERT_EQ(list, graph.Holders(p));
    }
    for (Position p = 0; p < n; ++p) {
      for (const Position v : neighbours[p]) ASSERT_EQ(neighbours[v].count(p), 1u) << p << " and " << v;
    }
  }
}

TEST(GraphTest, AnotherCohortHasAnotherGraph) {
  const Graph one = Graph::Make(200, 60, Context(1)).value(), two = Graph::Make(200, 60, Context(2)).value();
  std::size_t common = 0;
  const std::vector<Position> a = one.Neighbours(0), b = two.Neighbours(0);
  for (const Position v : a) common += std::binary_search(b.begin(), b.end(), v) ? 1 : 0;
  EXPECT_LT(common, 40u);  // 60 · 60/199 = 18 expected
}

TEST(GraphTest, EverySiteOfACompleteGraphHoldsEverybodysShares) {
  const Graph graph = Graph::Make(5, 0, Context(1)).value();
  EXPECT_TRUE(graph.is_complete());
  EXPECT_EQ(graph.size(), 5u);
  EXPECT_EQ(graph.threshold(0), 4u);
  EXPECT_EQ(graph.Neighbours(2), (std::vector<Position>{0, 1, 3, 4}));
  EXPECT_EQ(graph.Holders(2), (std::vector<Position>{0, 1, 2, 3, 4}));
  for (Position v = 0; v < 5; ++v) EXPECT_EQ(graph.ShareIndex(2, v), v + 1);
  EXPECT_EQ(graph.ShareIndex(2, 5), std::nullopt);
}

TEST(GraphTest, ShareIndexIsThePlaceAmongTheSortedHoldersFromOne) {
  const Graph graph = Graph::Make(300, 254, Context(3)).value();
  for (const Position owner : {0u, 77u, 299u}) {
    const std::vector<Position> holders = graph.Holders(owner);
    std::set<unsigned> seen;
    for (Position v = 0; v < 300; ++v) {
      const auto x = graph.ShareIndex(owner, v);
      ASSERT_EQ(x.has_value(), std::binary_search(holders.begin(), holders.end(), v));
      if (!x) continue;
      seen.insert(*x);
      EXPECT_EQ(holders[*x - 1u], v);
    }
    EXPECT_EQ(seen.size(), 254u);
    EXPECT_EQ(*seen.begin(), 1u);
    EXPECT_EQ(graph.ShareIndex(owner, owner), std::nullopt);
  }
}

TEST(GraphTest, WhatIsNoGraphIsRefused) {
  for (const auto& [n, k] : std::vector<std::pair<std::size_t, std::uint32_t>>{
           {0, 0}, {2, 0}, {129, 0}, {2, 2}, {10, 3}, {10, 10}, {300, 256}, {100'001, 182}}) {
    EXPECT_EQ(Graph::Make(n, k, Context(1)).status().id(), errors::kJobRefused) << n << ", " << k;
  }
  EXPECT_TRUE(Graph::Make(128, 0, Context(1)).ok());
}

// Each of 12 sites is at each place of the ring equally often: χ² with 121 degrees of freedom, limit 198 is
// exceeded once in 80,000 seeds; the seeds are fixed.
TEST(GraphTest, EverySiteIsAtEveryPlaceEquallyOften) {
  constexpr unsigned kDraws = 12'000;
  std::array<std::array<double, 12>, 12> counts{};
  for (unsigned i = 0; i < kDraws; ++i) {
    const auto order = GraphPermutation(12, Sha256::Of("ring " + std::to_string(i)));
    for (std::size_t place = 0; place < 12; ++place) ++counts[place][order[place]];
  }
  double chi_square = 0;
  for (const auto& row : counts) {
    for (const double count : row)
      chi_square += (count - kDraws / 12.0) * (count - kDraws / 12.0) / (kDraws / 12.0);
  }
  EXPECT_LT(chi_square, 198);
}

}  // namespace
}  // namespace cairn::secagg
