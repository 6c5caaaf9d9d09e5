#include "simulation/partition/partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

RandomStream Stream(std::uint64_t seed) { return SeededRandom(seed).Open({Purpose::kPartition, 0, 0, 0}); }

// Labels 0 … classes-1 in turn.
std::vector<std::int64_t> Cycling(std::uint32_t rows, std::int64_t classes) {
  std::vector<std::int64_t> labels(rows);
  for (std::uint32_t i = 0; i < rows; ++i) labels[i] = i % classes;
  return labels;
}

ClientRows Split(const std::string& scheme, const PartitionInput& input, std::uint64_t seed = 1) {
  const Result<PartitionScheme> parsed = ParseScheme(scheme);
  EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
  Result<ClientRows> split = Partition(*parsed, input, Stream(seed));
  EXPECT_TRUE(split.ok()) << split.status().ToString();
  return std::move(split).value();
}

std::string ErrorOf(const std::string& scheme, const PartitionInput& input) {
  const Result<ClientRows> split = Partition(*ParseScheme(scheme), input, Stream(1));
  return split.ok() ? "OK" : split.status().ToString();
}

std::set<std::int64_t> ClassesOf(const std::vector<std::uint32_t>& rows,
                                 const std::vector<std::int64_t>& labels) {
  std::set<std::int64_t> classes;
  for (const std::uint32_t row : rows) classes.insert(labels[row]);
  return classes;
}

// Every scheme over uneven numbers of rows, classes and clients, several seeds.
class PartitionProperties : public ::testing::TestWithParam<std::string> {};

TEST_P(PartitionProperties, EveryRowIsUsedOnceRowsAscendAndEqualSeedsSplitEqually) {
  for (const std::uint32_t rows : {517u, 1000u, 2003u}) {
    for (const std::uint32_t clients : {1u, 3u, 10u, 17u}) {
      const std::vector<std::int64_t> labels = Cycling(rows, 7);
      std::vector<std::string> groups;
      for (std::uint32_t i = 0; i < rows; ++i) groups.push_back("g" + std::to_string(i % 23));
      const PartitionInput input{rows, labels, groups, clients, 5};
      if (GetParam().starts_with("labels") && clients < 4)
        continue;  // one client cannot hold seven classes in two
      for (const std::uint64_t seed : {1, 2, 3}) {
        SCOPED_TRACE(GetParam() + " rows " + std::to_string(rows) + " clients " + std::to_string(clients) +
                     " seed " + std::to_string(seed));
        const ClientRows split = Split(GetParam(), input, seed);
        ASSERT_EQ(split.size(), clients);
        std::vector<std::uint32_t> all;
        for (const auto& part : split) {
          ASSERT_TRUE(std::is_sorted(part.begin(), part.end()));
          ASSERT_GE(part.size(), 5u);
          all.insert(all.end(), part.begin(), part.end());
        }
        std::sort(all.begin(), all.end());
        std::vector<std::uint32_t> expected(rows);
        std::iota(expected.begin(), expected.end(), 0u);
        ASSERT_EQ(all, expected);
        ASSERT_EQ(Split(GetParam(), input, seed), split);
        const bool random = clients > 1 && !GetParam().starts_with("column");
        if (random) {
          ASSERT_NE(Split(GetParam(), input, seed + 100), split);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllSchemes, PartitionProperties,
                         ::testing::Values("iid", "dirichlet:0.5", "dirichlet:100", "shards:1", "shards:2",
                                           "labels:2", "labels:7", "quantity:2", "column:site"));

TEST(PartitionTest, IidPartsDifferByAtMostOneRow) {
  const ClientRows split = Split("iid", {103, {}, {}, 10, 10});
  for (std::size_t i = 0; i < split.size(); ++i) EXPECT_EQ(split[i].size(), i < 3 ? 11u : 10u);
}

TEST(PartitionTest, ShardsGiveAClientFewLabels) {
  const std::vector<std::int64_t> labels = Cycling(6000, 10);
  const ClientRows split = Split("shards:2", {6000, labels, {}, 100, 10});
  for (const auto& rows : split) {
    EXPECT_EQ(rows.size(), 60u);
    EXPECT_LE(ClassesOf(rows, labels).size(), 2u);  // 600 rows a label are 20 whole shards of 30
  }
}

TEST(PartitionTest, LabelsGiveAClientExactlySoManyClassesSharedEvenly) {
  const std::vector<std::int64_t> labels = Cycling(1000, 10);
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    const ClientRows split = Split("labels:3", {1000, labels, {}, 10, 10}, seed);
    std::vector<std::vector<std::size_t>> shares(10);
    for (const auto& rows : split) {
      ASSERT_EQ(ClassesOf(rows, labels).size(), 3u);
      for (const std::int64_t c : ClassesOf(rows, labels)) {
        shares[static_cast<std::size_t>(c)].push_back(static_cast<std::size_t>(
            std::count_if(rows.begin(), rows.end(), [&](std::uint32_t row) { return labels[row] == c; })));
      }
    }
    for (const auto& share : shares) {
      const auto [low, high] = std::minmax_element(share.begin(), share.end());
      EXPECT_LE(*high - *low, 1u);
    }
  }
}

TEST(PartitionTest, ASmallAlphaSkewsMoreThanALargeOne) {
  const std::vector<std::int64_t> labels = Cycling(10'000, 10);
  const auto largest_share = [&](const std::string& scheme) {
    double sum = 0;
    const ClientRows split = Split(scheme, {10'000, labels, {}, 10, 10});
    for (const auto& rows : split) {
      std::vector<double> counts(10, 0);
      for (const std::uint32_t row : rows) ++counts[static_cast<std::size_t>(labels[row])];
      sum += *std::max_element(counts.begin(), counts.end()) / static_cast<double>(rows.size()) / 10;
    }
    return sum;
  };
  EXPECT_GT(largest_share("dirichlet:0.1"), 0.4);
  EXPECT_LT(largest_share("dirichlet:1000"), 0.15);
}

TEST(PartitionTest, DirichletSharesHaveTheMeanAndVarianceOfTheLaw) {
  // Of 10 clients with alpha 0.5 a share has mean 1/10 and variance (1/10)(9/10)/(10·0.5 + 1) = 0.015.
  // Over 400 seeds · 10 classes · 10 clients both estimates lie well within 10 %; the seeds are fixed.
  const std::vector<std::int64_t> labels = Cycling(5000, 10);
  double squares = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    for (const auto& rows : Split("dirichlet:0.5", {5000, labels, {}, 10, 0}, seed)) {
      std::vector<double> counts(10, 0);
      for (const std::uint32_t row : rows) ++counts[static_cast<std::size_t>(labels[row])];
      for (const double count : counts) squares += (count / 500 - 0.1) * (count / 500 - 0.1);
    }
  }
  EXPECT_NEAR(squares / (400 * 100), 0.015, 0.0015);
}

TEST(PartitionTest, AColumnsValuesAreClientsAndAreKeptWholeWhenDealtToFewer) {
  const std::vector<std::string> groups = {"b", "a", "b", "c", "b", "a"};
  EXPECT_THAT(Split("column:site", {6, {}, groups, 0, 10}),
              ElementsAre(ElementsAre(1u, 5u), ElementsAre(0u, 2u, 4u), ElementsAre(3u)));
  EXPECT_THAT(Split("column:site", {6, {}, groups, 2, 10}),
              ElementsAre(ElementsAre(0u, 2u, 4u), ElementsAre(1u, 3u, 5u)));
  EXPECT_EQ(ErrorOf("column:site", {6, {}, groups, 4, 10}),
            "CAIRN-4116 partition column:site: the column has 3 values for 4 clients");
}

TEST(PartitionTest, WhatCannotBeSplitSaysWhichNumbersAreAtOdds) {
  const std::vector<std::int64_t> labels = Cycling(30, 3);
  const PartitionInput input{30, labels, {}, 4, 10};
  EXPECT_EQ(ErrorOf("dirichlet:1", input),
            "CAIRN-4116 partition dirichlet:1: 30 rows cannot give 4 clients at least 10 rows each");
  EXPECT_THAT(ErrorOf("shards:8", input), HasSubstr("30 rows cannot make 32 shards"));
  EXPECT_THAT(ErrorOf("labels:4", input), HasSubstr("the rows have only 3 classes"));
  EXPECT_THAT(ErrorOf("labels:1", {30, labels, {}, 2, 1}), HasSubstr("2 clients cannot hold all 3 classes"));
  EXPECT_THAT(ErrorOf("iid", {30, labels, {}, 31, 1}), HasSubstr("30 rows for 31 clients"));
  EXPECT_THAT(ErrorOf("iid", {30, labels, {}, 0, 1}), HasSubstr("the number of clients is 0"));
  EXPECT_THAT(ErrorOf("shards:1", {30, {}, {}, 3, 1}), HasSubstr("needs class labels"));
  EXPECT_THAT(ErrorOf("column:site", {30, labels, {}, 3, 1}), HasSubstr("no column 'site'"));
  const std::vector<std::int64_t> many = Cycling(1000, 2);
  EXPECT_THAT(ErrorOf("dirichlet:0.001", {1000, many, {}, 50, 20}),
              HasSubstr("no draw of 10000 gave each of 50 clients"));
  EXPECT_THAT(ErrorOf("file:no-such-file.csv", input), HasSubstr("CAIRN-4113"));
}

TEST(PartitionTest, TheSplitOfASeedIsFixedForEver) {
  // Recorded from the first release: a change here breaks everyone's published splits.
  const std::vector<std::int64_t> labels = Cycling(12, 3);
  EXPECT_THAT(Split("iid", {8, {}, {}, 2, 1}, 42),
              ElementsAre(ElementsAre(1u, 2u, 4u, 5u), ElementsAre(0u, 3u, 6u, 7u)));
  EXPECT_THAT(
      Split("dirichlet:0.5", {12, labels, {}, 3, 2}, 42),
      ElementsAre(ElementsAre(3u, 6u), ElementsAre(1u, 4u, 5u, 7u, 10u, 11u), ElementsAre(0u, 2u, 8u, 9u)));
}

TEST(LargestRemainderTest, SumsExactlyAndOwesTheLargestRemainderFirst) {
  EXPECT_THAT(LargestRemainder(std::vector<double>{1, 1, 1}, 10), ElementsAre(4u, 3u, 3u));
  EXPECT_THAT(LargestRemainder(std::vector<double>{0.5, 0.3, 0.2}, 3), ElementsAre(1u, 1u, 1u));
  EXPECT_THAT(LargestRemainder(std::vector<double>{0, 1, 0}, 7), ElementsAre(0u, 7u, 0u));
  EXPECT_THAT(LargestRemainder(std::vector<double>{1e-300, 1e300}, 5), ElementsAre(0u, 5u));
  RandomStream stream = Stream(9);
  for (int i = 0; i < 1000; ++i) {
    std::vector<double> weights(1 + stream.Below(20));
    for (double& weight : weights) weight = stream.Gamma(0.1) + 1e-12;
    const auto total = static_cast<std::uint32_t>(stream.Below(10'000));
    const auto counts = LargestRemainder(weights, total);
    ASSERT_EQ(std::accumulate(counts.begin(), counts.end(), 0u), total);
  }
}

TEST(SplitFileTest, ReadsBackWhatItWrites) {
  const ClientRows split = Split("iid", {50, {}, {}, 4, 1});
  EXPECT_EQ(*ParseSplit(FormatSplit(split), "s.csv", 50, 0), split);
}

TEST(SplitFileTest, FaultsNameTheirPlace) {
  const auto error = [](std::string_view bytes, std::uint32_t clients = 0) {
    return ParseSplit(bytes, "s.csv", 5, clients).status().ToString();
  };
  EXPECT_EQ(error("client,row\n"), "CAIRN-4120 s.csv:1: expected the header row,client");
  EXPECT_EQ(error("row,client\n5,0\n"), "CAIRN-4120 s.csv:2:1: expected a row below 5, got '5'");
  EXPECT_EQ(error("row,client\n1,x\n"), "CAIRN-4120 s.csv:2:3: expected a client below 10000000, got 'x'");
  EXPECT_EQ(error("row,client\n1,2\n", 2), "CAIRN-4120 s.csv:2:3: expected a client below 2, got '2'");
  EXPECT_EQ(error("row,client\n1,0\n1,0\n"), "CAIRN-4120 s.csv:3:1: row 1 is named twice");
  EXPECT_EQ(error("row,client\n1,1\n"), "CAIRN-4116 s.csv gives client 0 of 2 no row");
  EXPECT_EQ(error("row,client\n"), "CAIRN-4109 s.csv names no row");
}

TEST(PreviewSplitTest, ShowsRowsAClassAndTheSpread) {
  const std::vector<std::int64_t> labels = {0, 1, 1, 0, 1};
  EXPECT_EQ(PreviewSplit({{0, 1, 2}, {4}}, labels),
            " client  rows    0    1\n"
            "      0     3    1    2\n"
            "      1     1    ·    1\n"
            "rows a client: least 1, median 3, most 3\n");
  EXPECT_THAT(PreviewSplit({{0}, {1}, {2}}, {}, 2), HasSubstr("… 1 more"));
}

TEST(ParseSchemeTest, EverySchemeReadsBackAndFaultsSayWhatWasExpected) {
  for (const char* text :
       {"iid", "dirichlet:0.3", "shards:2", "labels:3", "quantity:0.5", "column:state:x", "file:/a/b.csv"}) {
    const Result<PartitionScheme> scheme = ParseScheme(text);
    ASSERT_TRUE(scheme.ok()) << text;
    EXPECT_EQ(ToString(*scheme), text);
  }
  const auto error = [](const char* text) { return ParseScheme(text).status().ToString(); };
  EXPECT_THAT(error("dirichlet"),
              HasSubstr("CAIRN-4115 partition 'dirichlet': expected a number from 0.001 to 1000000"));
  EXPECT_THAT(error("dirichlet:-1"), HasSubstr("such as dirichlet:0.3"));
  EXPECT_THAT(error("dirichlet:nan"), HasSubstr("such as dirichlet:0.3"));
  EXPECT_THAT(error("shards:0"), HasSubstr("expected a whole number from 1"));
  EXPECT_THAT(error("shards:2x"), HasSubstr("such as shards:2"));
  EXPECT_THAT(error("column:"), HasSubstr("expected a name"));
  EXPECT_THAT(error("iid:3"), HasSubstr("iid takes no argument"));
  EXPECT_THAT(error("IID"), HasSubstr("expected one of iid, dirichlet:0.3, shards:2"));
}

}  // namespace
}  // namespace cairn
