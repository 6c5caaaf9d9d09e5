#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "aggregator/aggregation/update_aggregator.h"
#include "core/base/random.h"

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A client's update with memory of its own.
struct Update {
  std::vector<float> parameters, buffers;
  std::vector<std::int64_t> counters;
  double weight = 1;

  UpdateView view() const {
    UpdateView view;
    view.local_parameters = parameters;
    view.local_buffers = buffers;
    view.counters = counters;
    view.weight = weight;
    return view;
  }
};

std::vector<UpdateView> Views(const std::vector<Update>& updates) {
  std::vector<UpdateView> views;
  for (const Update& update : updates) views.push_back(update.view());
  return views;
}

TEST(WeightedMeanTest, WeighsParametersAndBuffersAndTakesLargestCounter) {
  const UpdateLayout layout{3, 1, 2, 42};
  const std::vector<Update> updates = {{{1, 2, -4}, {10}, {5, 1}, 0.25}, {{5, -2, 0}, {-2}, {4, 7}, 0.75}};
  const auto mean = NewWeightedMean(layout);
  mean->Accumulate(Views(updates));
  const Result<AggregateUpdate> result = std::move(*mean).Report();
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_THAT(result->parameters, ElementsAre(4, -1, -1));
  EXPECT_THAT(result->buffers, ElementsAre(1));
  EXPECT_THAT(result->counters, ElementsAre(5, 7));
  EXPECT_EQ(result->total_weight, 1.0);
  EXPECT_EQ(result->count, 2u);
  EXPECT_EQ(result->layout, layout);
}

TEST(WeightedMeanTest, EqualWeightsOfThreeGiveTheNearestFloatOfAThird) {
  const std::vector<Update> updates = {{{1}, {}, {}, 0.1}, {{0}, {}, {}, 0.1}, {{0}, {}, {}, 0.1}};
  const auto mean = NewWeightedMean({1, 0, 0, 0});
  mean->Accumulate(Views(updates));
  EXPECT_EQ(std::move(*mean).Report().value().parameters[0], 1.0f / 3.0f);
}

TEST(WeightedMeanTest, ReportWithoutUpdatesIsRefused) {
  const Result<AggregateUpdate> result = std::move(*NewWeightedMean({1, 0, 0, 0})).Report();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().id(), errors::kAggregateEmpty);
}

TEST(WeightedMeanTest, WeightBelowTheGridIsNoWeight) {
  const std::vector<Update> updates = {{{1}, {}, {}, std::ldexp(1.0, -42)}};
  const auto mean = NewWeightedMean({1, 0, 0, 0});
  mean->Accumulate(Views(updates));
  EXPECT_EQ(std::move(*mean).Report().status().id(), errors::kAggregateEmpty);
}

TEST(WeightedMeanTest, PartialOfAnotherLayoutIsRefused) {
  const Status status = NewWeightedMean({2, 0, 0, 0})->Merge(Partial({3, 0, 0, 0}));
  EXPECT_EQ(status.id(), errors::kUpdateLayout);
  EXPECT_THAT(status.what(), HasSubstr("3 parameters"));
}

TEST(WeightedMeanTest, SumIsLinear) { EXPECT_TRUE(NewWeightedMean({1, 0, 0, 0})->is_linear()); }

class RandomUpdates : public ::testing::Test {
 protected:
  RandomUpdates() {
    RandomStream random = SeededRandom(11).Open({});
    for (int k = 0; k < 23; ++k) {
      Update update;
      for (int i = 0; i < 1001; ++i) update.parameters.push_back(static_cast<float>(random.Normal()));
      for (int i = 0; i < 17; ++i) update.buffers.push_back(static_cast<float>(1e6 * random.Normal()));
      update.counters = {static_cast<std::int64_t>(random.Below(1000))};
      update.weight = 1 - random.Uniform();
      updates_.push_back(std::move(update));
    }
  }

  // The mean when clients arrive in the given order and are dealt to that many lanes.
  AggregateUpdate MeanOf(const std::vector<UpdateView>& views, std::size_t lanes) const {
    std::vector<std::unique_ptr<UpdateAggregator>> sums;
    for (std::size_t lane = 0; lane < lanes; ++lane) sums.push_back(NewWeightedMean(layout_));
    for (std::size_t k = 0; k < views.size(); ++k) sums[k % lanes]->Accumulate({&views[k], 1});
    for (std::size_t lane = 1; lane < lanes; ++lane) {
      EXPECT_TRUE(sums[0]->Merge(std::move(*sums[lane]).TakePartial()).ok());
    }
    return std::move(*sums[0]).Report().value();
  }

  UpdateLayout layout_{1001, 17, 1, 9};
  std::vector<Update> updates_;
};

TEST_F(RandomUpdates, OrderAndLanesChangeNoBit) {
  std::vector<UpdateView> views = Views(updates_);
  const AggregateUpdate one = MeanOf(views, 1);
  std::reverse(views.begin(), views.end());
  for (const std::size_t lanes : {2u, 5u, 23u}) {
    const AggregateUpdate other = MeanOf(views, lanes);
    EXPECT_EQ(one.parameters, other.parameters);
    EXPECT_EQ(one.buffers, other.buffers);
    EXPECT_EQ(one.counters, other.counters);
    EXPECT_EQ(one.total_weight, other.total_weight);
  }
}

TEST_F(RandomUpdates, SlicesOfOneAccumulatorEqualTheWhole) {
  const std::vector<UpdateView> views = Views(updates_);
  const auto sliced = NewWeightedMean(layout_);
  for (std::size_t part = 0; part < 3; ++part) sliced->AccumulateSlice(views, part, 3);
  const AggregateUpdate result = std::move(*sliced).Report().value();
  EXPECT_EQ(result.parameters, MeanOf(views, 1).parameters);
  EXPECT_EQ(result.count, views.size());
}

TEST_F(RandomUpdates, MeanIsWithinTheGridOfTheRealMean) {
  const AggregateUpdate mean = MeanOf(Views(updates_), 1);
  for (std::size_t i = 0; i < mean.parameters.size(); i += 100) {
    double sum = 0, weight = 0;
    for (const Update& update : updates_) {
      sum += update.weight * static_cast<double>(update.parameters[i]);
      weight += update.weight;
    }
    EXPECT_NEAR(mean.parameters[i], sum / weight, 1e-7 * std::fabs(sum / weight) + 1e-11);
  }
}

}  // namespace
}  // namespace cairn
