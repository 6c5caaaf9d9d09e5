// The hand-written engine's clipped sums against one unit at a time. The zoo over LibTorch has the same test.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "client/learning/plan_engine.h"
#include "tests/unit/client/learning/clipped_oracle.h"

namespace cairn {
namespace {

constexpr std::size_t kRows = 12;
constexpr float kInf = std::numeric_limits<float>::infinity();

struct Net {
  explicit Net(const LayerStack& layers, std::vector<std::string> freeze = {})
      : stack(layers), state(Spec(layers, freeze)), engine(stack, state) {
    RandomStream stream = SeededRandom(1).Open({.purpose = Purpose::kInit});
    InitializeStack(stack, stream, state);
    EXPECT_TRUE(engine.Reserve(kRows).ok());
    RandomStream noise = SeededRandom(2).Open({});
    features.resize(kRows * static_cast<std::size_t>(engine.inputs()));
    for (float& x : features) x = static_cast<float>(noise.Normal());
    const auto classes = static_cast<std::uint64_t>(std::max<std::int64_t>(2, engine.outputs()));
    for (std::size_t r = 0; r < kRows; ++r) labels.push_back(static_cast<std::int64_t>(noise.Below(classes)));
  }
  static ParameterSpec Spec(const LayerStack& layers, const std::vector<std::string>& freeze) {
    ParameterSpec spec = SpecOfStack(layers).value();
    return freeze.empty() ? spec : WithLocal(spec, freeze).value();
  }
  ClippedSum Clipped(std::span<const std::uint32_t> ends, double clip, Loss loss = Loss::kCrossEntropy) {
    std::ranges::copy(features, engine.features().begin());
    std::vector<RandomStream> streams = UnitStreams(ends.size());
    return ComputeClippedSum(engine,
                             {.ends = ends,
                              .labels = std::span(labels).first(ends.back()),
                              .dropout = streams,
                              .loss = loss},
                             clip)
        .value();
  }
  std::vector<double> Expected(std::span<const std::uint32_t> ends, double clip,
                               Loss loss = Loss::kCrossEntropy) {
    return ClippedOneByOne(engine, features, labels, ends, clip, loss);
  }

  LayerStack stack;
  ParameterSet state;
  PlanEngine engine;
  std::vector<float> features;
  std::vector<std::int64_t> labels;
};

LayerStack Mlp(double dropout = 0, std::int64_t outputs = 3) {
  return LayerStackBuilder({9})
      .Dense("fc1", 8)
      .Activation(LayerKind::kRelu)
      .Dropout(dropout)
      .Dense("fc2", 7, false)
      .Activation(LayerKind::kRelu)
      .Dense("fc3", outputs)
      .Finish()
      .value();
}

const std::vector<std::uint32_t> kSingles = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const std::vector<std::uint32_t> kPatients = {3, 4, 9, 12};

void ExpectOracle(Net net, Loss loss = Loss::kCrossEntropy) {
  for (const auto* ends : {&kSingles, &kPatients}) {
    for (const double clip : {1e-3, 1.0, 3.0, 1e6}) {
      const std::vector<double> expected = net.Expected(*ends, clip, loss);
      const ClippedSum sum = net.Clipped(*ends, clip, loss);
      const double scale = std::min(clip, 10.0) * 12;
      EXPECT_LT(Distance(net.engine.gradients(), expected), 1e-6 * scale)
          << "clip " << clip << ", units " << ends->size();
      if (ends == &kSingles) {
        EXPECT_LE(sum.mass, clip * 12);
      }
      std::vector<double> exact(expected.size(), 0.0);
      ASSERT_TRUE(net.engine.AddClippedSum(exact).ok());
      EXPECT_LT(Distance(net.engine.gradients(), exact), 1e-6 * scale);
    }
  }
}

TEST(ClippedSumTest, OfANetIsThatOfItsUnitsOneByOne) { ExpectOracle(Net(Mlp())); }
TEST(ClippedSumTest, OfALinearModelIsThatOfItsUnitsOneByOne) {
  ExpectOracle(Net(LayerStackBuilder({9}).Dense("linear", 3).Finish().value()));
}
TEST(ClippedSumTest, OfTheBinaryLossIsThatOfItsUnitsOneByOne) { ExpectOracle(Net(Mlp(0, 1)), Loss::kBce); }
TEST(ClippedSumTest, DropoutIsAUnitsOwn) { ExpectOracle(Net(Mlp(.5))); }
TEST(ClippedSumTest, FrozenTensorsHaveNoPartInTheNorm) {
  ExpectOracle(Net(Mlp(), {"fc2.weight", "fc3.bias"}));
  ExpectOracle(Net(Mlp(), {"fc1.*"}));
}

TEST(ClippedSumTest, NoUnitMovesASumByMoreThanTheClip) {
  Net net(Mlp());
  for (std::size_t i = 0; i < net.features.size(); ++i) net.features[i] *= 1e6f;
  for (std::uint32_t u = 0; u < kRows; ++u) {
    Net one(Mlp());
    std::copy_n(net.features.begin() + u * 9, 9, one.features.begin());
    one.labels[0] = net.labels[u];
    one.Clipped(std::vector<std::uint32_t>{1}, .5);
    double square = 0;
    for (const float g : one.engine.gradients()) square += double{g} * g;
    EXPECT_LE(std::sqrt(square), .5 * (1 + 0x1p-20));
  }
}

TEST(ClippedSumTest, UnitThatIsNotFiniteAddsNothingAndSpoilsNoOther) {
  Net net(Mlp());
  Net without(Mlp());
  without.features.erase(without.features.begin() + 9, without.features.begin() + 18);
  without.labels.erase(without.labels.begin() + 1);
  const std::vector<std::uint32_t> eleven(kSingles.begin(), kSingles.end() - 1);
  const std::vector<double> expected = without.Expected(eleven, 1.0);
  for (const float poison : {kInf, -kInf, std::numeric_limits<float>::quiet_NaN()}) {
    net.features[9 + 4] = poison;
    net.Clipped(kSingles, 1.0);
    EXPECT_LT(Distance(net.engine.gradients(), expected), 1e-5);
  }
}

TEST(ClippedSumTest, UnitsSumIsTheSameBitsWhoeverElseIsInTheBatch) {
  Net net(Mlp(.3));
  std::vector<double> together(net.engine.gradients().size(), 0.0), apart = together;
  net.Clipped(kSingles, 1.0);
  ASSERT_TRUE(net.engine.AddClippedSum(together).ok());
  for (std::uint32_t u = 0; u < kRows; ++u) {
    std::copy_n(net.features.begin() + u * 9, 9, net.engine.features().begin());
    const std::vector<std::uint32_t> ends = {1};
    std::vector<RandomStream> streams = UnitStreams(u + 1);
    ASSERT_TRUE(ComputeClippedSum(net.engine,
                                  {.ends = ends,
                                   .labels = std::span(net.labels).subspan(u, 1),
                                   .dropout = std::span(streams).subspan(u),
                                   .loss = Loss::kCrossEntropy},
                                  1.0)
                    .ok());
    ASSERT_TRUE(net.engine.AddClippedSum(apart).ok());
  }
  EXPECT_EQ(together, apart);
}

}  // namespace
}  // namespace cairn
