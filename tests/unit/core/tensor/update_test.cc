#include "core/tensor/update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/random.h"
#include "core/tensor/exact_sum.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

// An update of n parameters and m buffers with all spans set.
struct Sample {
  std::vector<float> local, base, local_buffers, base_buffers;
  std::vector<std::int64_t> counters{7};

  Sample(std::size_t n, std::size_t m, std::uint64_t seed = 1) {
    RandomStream random = SeededRandom(seed).Open({});
    const auto fill = [&](std::vector<float>& values, std::size_t size) {
      for (std::size_t i = 0; i < size; ++i) values.push_back(static_cast<float>(random.Normal()));
    };
    fill(local, n), fill(base, n), fill(local_buffers, m), fill(base_buffers, m);
  }
  UpdateView view() const {
    UpdateView view;
    view.local_parameters = local, view.base_parameters = base;
    view.local_buffers = local_buffers, view.base_buffers = base_buffers;
    view.counters = counters;
    return view;
  }
  UpdateLayout layout() const {
    return {static_cast<std::int64_t>(local.size()), static_cast<std::int64_t>(local_buffers.size()), 1, 0};
  }
};

class EveryUpdateKernel : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!ForceExactSumKernel(GetParam())) GTEST_SKIP() << "this CPU has no " << GetParam();
  }
  void TearDown() override { ForceExactSumKernel("auto"); }
};

TEST_P(EveryUpdateKernel, CheckFindsABadValueAtEveryPlace) {
  for (const std::size_t size : {1u, 7u, 16u, 33u, 8193u}) {
    for (std::size_t i = 0; i<size; i += size> 100 ? 911 : 1) {
      Sample sample(size, 0);
      sample.local[i] = kNan;
      const Status status = CheckUpdate(sample.view(), sample.layout());
      ASSERT_EQ(status.id(), errors::kUpdateNotFinite);
      ASSERT_THAT(status.what(), HasSubstr("parameter " + std::to_string(i) + " of"));
      sample.local[i] = sample.base[i] = kInf;
      ASSERT_EQ(CheckUpdate(sample.view(), sample.layout()).id(), errors::kUpdateNotFinite);
      sample.base[i] = 0, sample.local[i] = -1024.0001f;
      ASSERT_EQ(CheckUpdate(sample.view(), sample.layout()).id(), errors::kUpdateRange);
      sample.local[i] = -1024;
      ASSERT_TRUE(CheckUpdate(sample.view(), sample.layout()).ok());
    }
  }
}

TEST_P(EveryUpdateKernel, NormEqualsThePlainSixteenLanesBitForBit) {
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 24u, 31u, 32u, 1000u, 65537u}) {
    const Sample sample(size, 0, size);
    double lanes[16] = {};
    for (std::size_t i = 0; i < size; ++i) {
      const auto delta = static_cast<double>(sample.local[i] - sample.base[i]);
      lanes[i % 16] += delta * delta;
    }
    for (const int apart : {8, 4, 2, 1}) {
      for (int lane = 0; lane < apart; ++lane) lanes[lane] += lanes[lane + apart];
    }
    UpdateView view = sample.view();
    view.scale = 0.75f;
    EXPECT_EQ(UpdateNorm(view), 0.75 * std::sqrt(lanes[0])) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, EveryUpdateKernel, ::testing::Values("base", "avx2", "avx512"),
                         [](const auto& named) { return std::string(named.param); });

TEST(UpdateNormTest, ThreeFourFive) {
  const std::vector<float> local = {3, 1, 0}, base = {0, 1, 4};
  UpdateView view;
  view.local_parameters = local;
  view.base_parameters = base;
  EXPECT_EQ(UpdateNorm(view), 5);
}

TEST(CheckUpdateTest, BuffersHaveTheirOwnRange) {
  Sample sample(2, 2);
  sample.base_buffers = {0, 0};
  sample.local_buffers = {1, kMaxBufferDelta};
  EXPECT_TRUE(CheckUpdate(sample.view(), sample.layout()).ok());
  sample.local_buffers[1] = kMaxBufferDelta * 1.001f;
  const Status status = CheckUpdate(sample.view(), sample.layout());
  EXPECT_EQ(status.id(), errors::kUpdateRange);
  EXPECT_THAT(status.what(), HasSubstr("buffer 1 of"));
}

TEST(CheckUpdateTest, MessageNeverShowsTheValue) {
  Sample sample(1, 0);
  sample.base = {0}, sample.local = {54321};
  EXPECT_THAT(CheckUpdate(sample.view(), sample.layout()).what(), Not(HasSubstr("54321")));
}

TEST(CheckUpdateTest, EverySizeIsCheckedBeforeAnyValue) {
  const Sample sample(3, 2);
  const auto refused = [&](auto change) {
    UpdateView view = sample.view();
    change(view);
    return CheckUpdate(view, sample.layout()).id() == errors::kUpdateLayout;
  };
  EXPECT_TRUE(refused([](UpdateView& v) { v.local_parameters = v.local_parameters.first(2); }));
  EXPECT_TRUE(refused([](UpdateView& v) { v.base_parameters = v.base_parameters.first(2); }));
  EXPECT_TRUE(refused([](UpdateView& v) { v.local_buffers = {}; }));
  EXPECT_TRUE(refused([](UpdateView& v) { v.base_buffers = v.base_buffers.first(1); }));
  EXPECT_TRUE(refused([](UpdateView& v) { v.counters = {}; }));
  EXPECT_FALSE(refused([](UpdateView& v) { v.base_parameters = {}, v.base_buffers = {}; }));
}

TEST(CheckUpdateTest, ScaleAndWeightOutsideTheirRangeAreRefused) {
  const Sample sample(1, 0);
  for (const double weight : {0.0, -1.0, 1.0000001, std::nan("")}) {
    UpdateView view = sample.view();
    view.weight = weight;
    EXPECT_EQ(CheckUpdate(view, sample.layout()).id(), errors::kUpdateRange) << weight;
  }
  for (const float scale : {-0.1f, 1.1f, kNan}) {
    UpdateView view = sample.view();
    view.scale = scale;
    EXPECT_EQ(CheckUpdate(view, sample.layout()).id(), errors::kUpdateRange) << scale;
  }
}

TEST(MaterializeUpdateTest, WireFormReadsBackAsTheSameUpdate) {
  for (const std::size_t size : {4u, 5u}) {
    const Sample sample(size, 2);
    std::vector<std::int64_t> words(sample.layout().byte_size() / 8, -1);
    const std::span<std::byte> bytes = std::as_writable_bytes(std::span(words));
    MaterializeUpdate(sample.view(), bytes);
    const UpdateView read = ViewOfBytes(bytes, sample.layout());
    EXPECT_TRUE(read.base_parameters.empty() && read.base_buffers.empty());
    for (std::size_t i = 0; i < size; ++i)
      EXPECT_EQ(read.local_parameters[i], sample.local[i] - sample.base[i]);
    EXPECT_EQ(read.local_buffers[1], sample.local_buffers[1] - sample.base_buffers[1]);
    EXPECT_EQ(read.counters[0], 7);
    EXPECT_TRUE(CheckUpdate(read, sample.layout()).ok());
    Partial direct(sample.layout()), decoded(sample.layout());
    const UpdateView original = sample.view();
    Accumulate({&original, 1}, direct);
    Accumulate({&read, 1}, decoded);
    EXPECT_EQ(direct.parameters, decoded.parameters);
    EXPECT_EQ(direct.buffers, decoded.buffers);
  }
}

TEST(MaterializeUpdateTest, PaddingBeforeCountersIsZero) {
  const Sample sample(3, 0);
  std::vector<std::int64_t> words(3, -1);
  MaterializeUpdate(sample.view(), std::as_writable_bytes(std::span(words)));
  EXPECT_EQ(words[1] >> 32, 0);
}

TEST(LayoutOfTest, CountsExchangedTensorsOnly) {
  const ParameterSpec spec = ParameterSpec::Create({{"w", {2, 3}, Role::kParameter, Scope::kExchanged},
                                                    {"f", {5}, Role::kParameter, Scope::kLocal},
                                                    {"b", {4}, Role::kBuffer, Scope::kExchanged},
                                                    {"c", {}, Role::kCounter, Scope::kExchanged}})
                                 .value();
  EXPECT_EQ(LayoutOf(spec), (UpdateLayout{6, 4, 1, spec.layout_hash()}));
  EXPECT_EQ(LayoutOf(spec).byte_size(), 48u);
}

}  // namespace
}  // namespace cairn
