// The clipped sum of every architecture of the zoo and each loss, against one unit at a time by autograd.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "client/learning/lot_summer.h"
#include "client/learning/private_terms.h"
#include "client/learning/torch/autograd_engine.h"
#include "client/learning/torch/factory.h"
#include "client/learning/torch/layer_ops.h"
#include "client/learning/zoo/zoo.h"
#include "tests/unit/client/learning/clipped_oracle.h"
#include "tests/unit/client/learning/made_examples.h"
#include "tests/unit/client/learning/whole_sum.h"

namespace cairn {
namespace {

HyperValue Int(std::int64_t value) { return value; }

struct Case {
  std::string name;
  ModelConfig model;
  Loss loss = Loss::kCrossEntropy;
  std::vector<std::string> freeze = {};
};

ModelConfig TwoConv(std::int64_t classes, const char* pool, double dropout) {
  return {.arch = "cnn-2conv",
          .hyper = {{"size", Int(10)},
                    {"classes", Int(classes)},
                    {"channels", Int(2)},
                    {"conv", std::vector<std::int64_t>{3, 4}},
                    {"kernel", Int(3)},
                    {"pad", Int(1)},
                    {"fc", Int(7)},
                    {"pool", std::string(pool)},
                    {"dropout_conv", dropout},
                    {"dropout_fc", dropout}}};
}

ModelConfig Mlp(std::int64_t classes, const char* activation) {
  return {.arch = "mlp",
          .hyper = {{"inputs", Int(9)},
                    {"classes", Int(classes)},
                    {"hidden", std::vector<std::int64_t>{8, 6}},
                    {"activation", std::string(activation)}}};
}

std::vector<Case> Cases() {
  return {
      {"linear", {.arch = "linear", .hyper = {{"inputs", Int(9)}, {"outputs", Int(3)}}}},
      {"linear_bce", {.arch = "linear", .hyper = {{"inputs", Int(9)}, {"outputs", Int(1)}}}, Loss::kBce},
      {"mlp", Mlp(3, "relu")},
      {"mlp_tanh", Mlp(3, "tanh")},
      {"mlp_bce", Mlp(1, "tanh"), Loss::kBce},
      {"cnn_small",
       {.arch = "cnn-small",
        .hyper = {{"channels", Int(2)},
                  {"size", Int(18)},
                  {"classes", Int(3)},
                  {"conv", std::vector<std::int64_t>{3, 4}},
                  {"fc", std::vector<std::int64_t>{8, 6}}}}},
      {"cnn_2conv", TwoConv(3, "each", 0)},
      {"cnn_2conv_last", TwoConv(3, "last", 0)},
      {"cnn_2conv_dropout", TwoConv(3, "each", .4)},
      {"cnn_2conv_bce", TwoConv(1, "each", 0), Loss::kBce},
      {"cnn_2conv_frozen",
       TwoConv(3, "each", 0),
       Loss::kCrossEntropy,
       {"conv1.*", "conv2.bias", "fc1.weight"}},
      {"mcmahan_cnn", {.arch = "mcmahan-cnn", .hyper = {}}},
  };
}

class ClippedZooTest : public ::testing::TestWithParam<Case> {};

void ExpectOracle(BatchEngine& engine, BatchEngine& oracle, const Case& test) {
  const std::vector<std::uint32_t> singles = {1, 2, 3, 4, 5, 6, 7, 8}, patients = {3, 4, 8};
  ASSERT_TRUE(engine.Reserve(8).ok());
  ASSERT_TRUE(oracle.Reserve(8).ok());
  RandomStream stream = SeededRandom(2).Open({});
  std::vector<float> features(8 * static_cast<std::size_t>(engine.inputs()));
  for (float& x : features) x = static_cast<float>(stream.Normal());
  const auto classes = static_cast<std::uint64_t>(std::max<std::int64_t>(2, engine.outputs()));
  std::vector<std::int64_t> labels;
  for (int i = 0; i < 8; ++i) labels.push_back(static_cast<std::int64_t>(stream.Below(classes)));
  for (const auto* ends : {&singles, &patients}) {
    for (const double clip : {1e-2, 1.0, 1e6}) {
      const std::vector<double> expected = ClippedOneByOne(oracle, features, labels, *ends, clip, test.loss);
      std::ranges::copy(features, engine.features().begin());
      std::vector<RandomStream> dropout = UnitStreams(ends->size());
      const auto sum = ComputeClippedSum(
          engine, {.ends = *ends, .labels = labels, .dropout = dropout, .loss = test.loss}, clip);
      ASSERT_TRUE(sum.ok()) << sum.status().ToString();
      double norm = 0;
      for (const double x : expected) norm += x * x;
      EXPECT_LT(Distance(engine.gradients(), expected), 2e-5 * std::sqrt(norm))
          << "clip " << clip << ", units " << ends->size();
      std::vector<double> exact(expected.size(), 0.0);
      ASSERT_TRUE(engine.AddClippedSum(exact).ok());
      EXPECT_LT(Distance(engine.gradients(), exact), 1e-5 * std::sqrt(norm));
    }
  }
}

TEST_P(ClippedZooTest, IsTheSumOfItsUnitsOneByOne) {
  const LayerStack stack = StackOf(GetParam().model).value();
  ParameterSpec spec = SpecOfStack(stack).value();
  if (!GetParam().freeze.empty()) spec = WithLocal(spec, GetParam().freeze).value();
  ParameterSet state(spec);
  RandomStream stream = SeededRandom(1).Open({.purpose = Purpose::kInit});
  InitializeStack(stack, stream, state);
  const auto oracle = NewAutogradEngine(stack, state).value();
  for (const DenseTail tail : {DenseTail::kNone, DenseTail::kPlanned}) {
    SCOPED_TRACE(tail == DenseTail::kNone ? "autograd" : "with a planned tail");
    const auto engine = NewAutogradEngine(stack, state, tail).value();
    EXPECT_GE(engine->most_unit_rows(), 8u);
    ExpectOracle(*engine, *oracle, GetParam());
  }
}

INSTANTIATE_TEST_SUITE_P(Zoo, ClippedZooTest, ::testing::ValuesIn(Cases()),
                         [](const auto& test) { return test.param.name; });

void ExpectNeighboursWithinTheSensitivity(const ModelConfig& model, DenseTail tail,
                                          const std::vector<std::int64_t>& example) {
  const LayerStack stack = StackOf(model).value();
  ParameterSet state(SpecOfStack(stack).value());
  RandomStream stream = SeededRandom(1).Open({.purpose = Purpose::kInit});
  InitializeStack(stack, stream, state);
  const auto engine = NewAutogradEngine(stack, state, tail).value();
  ASSERT_TRUE(engine->Reserve(engine->most_unit_rows()).ok());
  const auto rows = std::make_shared<MadeExamples>(example, 3, 120, 3);
  std::vector<std::uint32_t> patients;
  for (std::uint32_t row = 0; row < 120; ++row) patients.push_back(row < 90 ? row % 45 : 45);
  const UnitSource data(rows, patients);
  const UnitIndex units(data);
  const PrivateTraining terms{.clip = .5};
  const NoiseGrid grid = GridOf(terms, engine->gradients().size());
  LotSummer summer(*engine, data, units, {.clip = terms.clip, .step = grid.step});
  NoiseBits bits = NoiseBits::Simulated(4);
  WholeSum with(engine->gradients().size()), without = with;
  for (int pair = 0; pair < 200; ++pair) {
    std::vector<LotMember> lot;
    DrawLot(units.size(), kWholeSamplingRate / 2, 2, bits, lot);
    ASSERT_FALSE(lot.empty());
    ASSERT_TRUE(summer.Sum(lot, with).ok());
    lot.erase(lot.begin() + static_cast<std::ptrdiff_t>(stream.Below(lot.size())));
    ASSERT_TRUE(summer.Sum(lot, without).ok());
    double square = 0;
    for (std::size_t i = 0; i < with.values.size(); ++i) {
      const auto step = static_cast<double>(with.values[i] - without.values[i]);
      square += step * step;
    }
    EXPECT_LE(std::sqrt(square), grid.sensitivity) << "pair " << pair;
  }
}

// LibTorch's kernels may depend on the size of a batch, so here the bound is measured, not proved.
TEST(ClippedZooTest, NeighboursOfAConvolutionalNetDifferByNoMoreThanTheSensitivity) {
  ExpectNeighboursWithinTheSensitivity(TwoConv(3, "each", .3), DenseTail::kPlanned, {2, 10, 10});
}

TEST(ClippedZooTest, NeighboursOfANetThatNoPlanRunsDifferByNoMoreThanTheSensitivity) {
  ExpectNeighboursWithinTheSensitivity(Mlp(3, "tanh"), DenseTail::kNone, {9});
}

// What a row comes to must not depend on how many others stand before and behind it.
TEST(ClippedZooTest, DenseLayersGiveARowTheSameBytesWhereverItStands) {
  const at::Tensor weight = at::randn({37, 91}), bias = at::randn({37}), rows = at::randn({64, 91}).mul(1e6);
  const LayerTensors tensors{.weight = weight, .bias = bias, .weight_gradient = {}, .bias_gradient = {}};
  const at::Tensor all = RunDense(tensors, rows);
  for (std::int64_t row = 0; row < 64; ++row) {
    EXPECT_TRUE(at::equal(RunDense(tensors, rows.narrow(0, row, 1)).select(0, 0), all.select(0, row))) << row;
    EXPECT_TRUE(at::equal(RunDense(tensors, rows.narrow(0, row, 64 - row)).select(0, 0), all.select(0, row)));
  }
}

TEST(ClippedZooTest, ConvolutionalNetTrainsPrivately) {
  const MadeExamples data({1, 12, 12}, 4, 300, 3);
  const auto task = NewTorchTaskFactory()
                        ->Create({.arch = "cnn-2conv",
                                  .hyper = {{"size", Int(12)},
                                            {"classes", Int(4)},
                                            {"conv", std::vector<std::int64_t>{3, 5}},
                                            {"fc", Int(16)},
                                            {"dropout_fc", .2}}},
                                 {})
                        .value();
  const SeededRandom random(11);
  ASSERT_TRUE(task->Initialize(random.Open({.purpose = Purpose::kInit})).ok());
  const SimulatedNoise noise(1);
  PrivateTraining terms{.noise_multiplier = .5, .steps = 150, .expected_lot = 75};
  terms.sampling_rate = kWholeSamplingRate / 4;
  TrainConfig config;
  config.optimizer.lr = .5;
  const TrainContext context{.random = &random, .round = {1}, .client = {0}, .on_step = {}, .noise = &noise};
  const auto report = task->TrainPrivately(config, terms, data, context, {});
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_GT(Summarize(*task->Evaluate(Loss::kCrossEntropy, data, {})).accuracy, .8);
}

}  // namespace
}  // namespace cairn
