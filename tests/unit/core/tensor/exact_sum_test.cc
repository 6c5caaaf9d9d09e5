#include "core/tensor/exact_sum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include "core/base/random.h"

namespace cairn {
namespace {

// The plain loop: the definition in exact_sum.h with nothing but the standard library, summed without
// wrapping.
std::int64_t OracleValue(float local, const float* base, double factor) {
  const float delta = base == nullptr ? local : local - *base;
  const double scaled = static_cast<double>(delta) * factor;
  const double below = std::floor(scaled), fraction = scaled - below;  // both exact
  const auto low = static_cast<std::int64_t>(below);
  if (fraction != 0.5) return fraction < 0.5 ? low : low + 1;
  return low % 2 == 0 ? low : low + 1;
}

GridVector OracleSum(const std::vector<UpdateView>& views, int bits,
                     std::span<const float> UpdateView::*local, std::span<const float> UpdateView::*base) {
  GridVector sum;
  for (std::size_t i = 0; i < (views[0].*local).size(); ++i) {
    __int128 total = 0;
    for (const UpdateView& view : views) {
      const double factor = static_cast<double>(view.scale) * view.weight * std::pow(2.0, bits);
      const float* b = (view.*base).empty() ? nullptr : &(view.*base)[i];
      total += OracleValue((view.*local)[i], b, factor);
    }
    sum.push_back(static_cast<std::int64_t>(total));
  }
  return sum;
}

constexpr float kEdges[] = {0.0f,
                            -0.0f,
                            kMaxParameterDelta,
                            -kMaxParameterDelta,
                            1e-45f,
                            -1e-45f,
                            1.17549435e-38f,
                            0x1p-41f,
                            -0x1p-41f,
                            0x1.8p-40f,
                            -0x1.8p-40f,
                            0x1p-42f,
                            0x1.000002p-41f,
                            1023.99994f,
                            0x1p-25f,
                            0x1.8p-24f,
                            0.1f,
                            -0.3f};

// Updates over memory that starts off every alignment.
class Cohort {
 public:
  Cohort(std::size_t size, std::size_t clients, std::uint64_t seed, bool edges) {
    RandomStream random = SeededRandom(seed).Open({});
    for (std::size_t k = 0; k < clients; ++k) {
      const std::size_t skew = random.Below(5);
      auto& [local, base] = memory_.emplace_back();
      local.resize(size + skew);
      base.resize(size + skew);
      for (std::size_t i = 0; i < local.size(); ++i) {
        base[i] = static_cast<float>(random.Normal());
        local[i] = base[i] + static_cast<float>(0.01 * random.Normal());
        if (edges) local[i] = kEdges[random.Below(std::size(kEdges))];
        if (edges) base[i] = 0;
      }
      UpdateView view;
      view.local_parameters = view.local_buffers = std::span(local).subspan(skew);
      const bool has_base = random.Below(3) > 0;
      if (has_base) view.base_parameters = view.base_buffers = std::span(base).subspan(skew);
      view.weight = edges && k == 0 ? 1.0 : 1 - random.Uniform();
      view.scale = edges && k < 2 ? 1.0f : 1 - random.UniformFloat();
      views_.push_back(view);
    }
  }
  const std::vector<UpdateView>& views() const { return views_; }

 private:
  std::vector<std::pair<std::vector<float>, std::vector<float>>> memory_;
  std::vector<UpdateView> views_;
};

class EveryKernel : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!ForceExactSumKernel(GetParam())) GTEST_SKIP() << "this CPU has no " << GetParam();
    ASSERT_STREQ(ExactSumKernel(), GetParam());
  }
  void TearDown() override { ForceExactSumKernel("auto"); }

  static void ExpectOracle(const Cohort& cohort) {
    const auto& views = cohort.views();
    const auto size = static_cast<std::int64_t>(views[0].local_parameters.size());
    Partial sum({size, size, 0, 0});
    Accumulate(views, sum);
    ASSERT_EQ(sum.parameters, OracleSum(views, kParameterFractionBits, &UpdateView::local_parameters,
                                        &UpdateView::base_parameters));
    ASSERT_EQ(sum.buffers,
              OracleSum(views, kBufferFractionBits, &UpdateView::local_buffers, &UpdateView::base_buffers));
  }
};

TEST_P(EveryKernel, EqualsThePlainLoopForEverySizeAndBatch) {
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::size_t clients = 1; clients <= 9; ++clients) {
      SCOPED_TRACE(std::to_string(size) + " elements, " + std::to_string(clients) + " clients");
      ExpectOracle(Cohort(size, clients, 100 * size + clients, clients % 2 == 0));
    }
  }
}

TEST_P(EveryKernel, EqualsThePlainLoopAcrossTiles) {
  for (const std::size_t size : {16383u, 16384u, 16385u, 50001u}) {
    SCOPED_TRACE(size);
    ExpectOracle(Cohort(size, 7, size, false));
    ExpectOracle(Cohort(size, 5, size, true));
  }
}

TEST_P(EveryKernel, TiesGoToTheEvenInteger) {
  const std::vector<float> halves = {0x1p-41f,    0x1.8p-40f, 0x1.4p-39f, -0x1p-41f, -0x1.8p-40f,
                                     -0x1.4p-39f, 0,          0x1p-40f,   0x1p-41f};
  UpdateView view;
  view.local_parameters = halves;
  Partial sum({9, 0, 0, 0});
  Accumulate({&view, 1}, sum);
  EXPECT_THAT(sum.parameters, ::testing::ElementsAre(0, 2, 2, 0, -2, -2, 0, 1, 0));
}

TEST_P(EveryKernel, SumsWrapAround) {
  const std::vector<float> ones(33, 1.0f);
  UpdateView view;
  view.local_parameters = ones;
  Partial sum({33, 0, 0, 0});
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  std::fill(sum.parameters.begin(), sum.parameters.end(), kMax - 1);
  Accumulate({&view, 1}, sum);
  const std::int64_t expected = std::numeric_limits<std::int64_t>::min() + (std::int64_t{1} << 40) - 2;
  EXPECT_EQ(sum.parameters, GridVector(33, expected));
}

TEST_P(EveryKernel, FourThousandLargestUpdatesDoNotWrap) {
  const std::vector<float> most(17, kMaxParameterDelta);
  UpdateView view;
  view.local_parameters = most;
  const std::vector<UpdateView> batch(4096, view);
  Partial sum({17, 0, 0, 0});
  Accumulate(batch, sum);
  EXPECT_EQ(sum.parameters, GridVector(17, std::int64_t{1} << 62));
}

TEST_P(EveryKernel, ViewOverTheDifferenceGivesTheSameSum) {
  const Cohort cohort(1003, 6, 77, false);
  std::vector<std::vector<float>> deltas;
  std::vector<UpdateView> views = cohort.views();
  for (UpdateView& view : views) {
    std::vector<float>& delta =
        deltas.emplace_back(view.local_parameters.begin(), view.local_parameters.end());
    for (std::size_t i = 0; i < view.base_parameters.size(); ++i) delta[i] -= view.base_parameters[i];
    view.local_parameters = view.local_buffers = delta;
    view.base_parameters = view.base_buffers = {};
  }
  Partial direct({1003, 1003, 0, 0}), materialized({1003, 1003, 0, 0});
  Accumulate(cohort.views(), direct);
  Accumulate(views, materialized);
  EXPECT_EQ(direct.parameters, materialized.parameters);
}

INSTANTIATE_TEST_SUITE_P(Kernels, EveryKernel, ::testing::Values("base", "avx2", "avx512"),
                         [](const auto& named) { return std::string(named.param); });

TEST(ExactSumTest, UnknownKernelIsNotForced) {
  const std::string before = ExactSumKernel();
  EXPECT_FALSE(ForceExactSumKernel("neon9"));
  EXPECT_EQ(ExactSumKernel(), before);
}

TEST(ExactSumTest, GridValueIsTheRuleAsCode) {
  RandomStream random = SeededRandom(3).Open({});
  UpdateView view;
  for (int n = 0; n < 20000; ++n) {
    const auto delta = static_cast<float>(std::ldexp(random.Normal(), -static_cast<int>(random.Below(44))));
    view.weight = 1 - random.Uniform();
    view.scale = 1 - random.UniformFloat();
    const double factor = GridFactor(view, kParameterFractionBits);
    ASSERT_EQ(GridValue(delta, factor), OracleValue(delta, nullptr, factor)) << delta;
  }
}

TEST(ExactSumTest, LanesFillDistinctSlicesOfOnePartial) {
  const Cohort cohort(70001, 5, 8, false);
  const UpdateLayout layout{70001, 70001, 0, 0};
  Partial whole(layout), sliced(layout);
  Accumulate(cohort.views(), whole);
  {
    std::vector<std::jthread> lanes;
    for (std::size_t part = 0; part < 3; ++part) {
      lanes.emplace_back([&, part] { AccumulateSlice(cohort.views(), part, 3, sliced); });
    }
  }
  EXPECT_EQ(sliced.parameters, whole.parameters);
  EXPECT_EQ(sliced.buffers, whole.buffers);
  EXPECT_EQ(sliced.weight, whole.weight);
  EXPECT_EQ(sliced.count, whole.count);
}

TEST(ExactSumTest, MoreSlicesThanCacheLinesLeaveNothingOut) {
  const Cohort cohort(19, 2, 8, false);
  Partial whole({19, 19, 0, 0}), sliced({19, 19, 0, 0});
  Accumulate(cohort.views(), whole);
  for (std::size_t part = 0; part < 8; ++part) AccumulateSlice(cohort.views(), part, 8, sliced);
  EXPECT_EQ(sliced.parameters, whole.parameters);
  EXPECT_EQ(sliced.count, 2u);
}

TEST(PartialTest, MergeAddsSumsAndKeepsLargestCounters) {
  Partial a({2, 0, 2, 0}), b({2, 0, 2, 0});
  a.parameters = {1, std::numeric_limits<std::int64_t>::max()};
  b.parameters = {2, 1};
  a.counters = {5, -3};
  b.counters = {4, -2};
  a.weight = 10, b.weight = 20;
  a.count = 1, b.count = 2;
  ASSERT_TRUE(Merge(b, a).ok());
  EXPECT_THAT(a.parameters, ::testing::ElementsAre(3, std::numeric_limits<std::int64_t>::min()));
  EXPECT_THAT(a.counters, ::testing::ElementsAre(5, -2));
  EXPECT_EQ(a.weight, 30);
  EXPECT_EQ(a.count, 3u);
}

TEST(PartialTest, EmptyPartialChangesNothing) {
  Partial a({1, 0, 1, 0});
  a.counters = {-9};
  ASSERT_TRUE(Merge(Partial({1, 0, 1, 0}), a).ok());
  EXPECT_EQ(a.counters[0], -9);
}

TEST(PartialTest, MergeOfOtherSizesIsRefusedAndChangesNothing) {
  Partial a({1, 1, 1, 0});
  for (const UpdateLayout& other :
       {UpdateLayout{2, 1, 1, 0}, UpdateLayout{1, 2, 1, 0}, UpdateLayout{1, 1, 2, 0}}) {
    EXPECT_EQ(Merge(Partial(other), a).id(), errors::kUpdateLayout);
  }
  EXPECT_EQ(a.count, 0u);
}

}  // namespace
}  // namespace cairn
