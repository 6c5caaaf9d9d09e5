#include "client/learning/private_loop.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "client/learning/flush_denormals.h"
#include "client/learning/linear_task.h"
#include "client/learning/lot_summer.h"
#include "client/learning/plan_engine.h"
#include "client/learning/private_terms.h"
#include "client/learning/stack_task.h"
#include "privacy/dp/noise_adder.h"
#include "tests/unit/client/learning/made_examples.h"
#include "tests/unit/client/learning/whole_sum.h"

namespace cairn {
namespace {

ModelConfig Linear(std::int64_t inputs, std::int64_t outputs) {
  return {.arch = "linear", .hyper = {{"inputs", inputs}, {"outputs", outputs}}};
}

std::vector<float> Floats(LearningTask& task) {
  const auto all = task.state().floats();
  return {all.begin(), all.end()};
}

PrivateTraining Terms(double q, std::uint32_t steps = 20) {
  return {.clip = 1,
          .noise_multiplier = 1,
          .sampling_rate = static_cast<std::uint64_t>(q * static_cast<double>(kWholeSamplingRate)),
          .steps = steps,
          .expected_lot = 20};
}

class PrivateLoopTest : public ::testing::Test {
 protected:
  Result<TrainReport> Train(LearningTask& task, const PrivateTraining& privacy, const ExampleSource& data,
                            TrainConfig config = {}, std::uint64_t round = 1, std::stop_token stop = {}) {
    return task.TrainPrivately(
        config, privacy, data,
        {.random = &random_, .round = {round}, .client = {3}, .on_step = on_step_, .noise = &noise_}, stop);
  }
  std::unique_ptr<LearningTask> Task(std::vector<std::string> freeze = {}) {
    return LinearTaskFactory().Create(Linear(6, 3), freeze).value();
  }

  SeededRandom random_{5};
  SimulatedNoise noise_{5};
  std::function<void(std::int64_t)> on_step_;
};

TEST_F(PrivateLoopTest, LearnsSeparableClassesThroughTheNoise) {
  const MadeExamples data({6}, 3, 2000, 2);
  auto task = Task();
  TrainConfig config;
  config.optimizer.lr = 1;
  PrivateTraining terms = Terms(.05, 300);
  terms.expected_lot = 100;
  ASSERT_TRUE(Train(*task, terms, data, config).ok());
  EXPECT_GT(Summarize(*task->Evaluate(Loss::kCrossEntropy, data, {})).accuracy, 0.9);
}

TEST_F(PrivateLoopTest, ReportTellsTheTermsAndNothingOfTheRows) {
  std::vector<TrainReport> reports;
  for (const std::uint32_t rows : {30u, 200u}) {
    auto task = Task();
    reports.push_back(Train(*task, Terms(.1), MadeExamples({6}, 3, rows, 2)).value());
  }
  for (const TrainReport& report : reports) {
    EXPECT_EQ(report.examples, 20);
    EXPECT_EQ(report.steps, 20);
  }
}

TEST_F(PrivateLoopTest, EqualSeedRoundAndClientGiveEqualBytes) {
  const MadeExamples data({6}, 3, 200, 2);
  const auto trained = [&](std::uint64_t round) {
    auto task = Task();
    EXPECT_TRUE(Train(*task, Terms(.1), data, {}, round).ok());
    return Floats(*task);
  };
  EXPECT_EQ(trained(1), trained(1));
  EXPECT_NE(trained(1), trained(2));
}

// Without rows a step is noise alone: of σ·C′ over the expected lot, each step anew.
TEST_F(PrivateLoopTest, EmptyLotTakesItsNoiseStep) {
  const MadeExamples none({6}, 3, 0, 2);
  std::vector<double> steps;
  double square = 0;
  for (int i = 0; i < 60; ++i) {
    auto task = Task();
    TrainConfig config;
    config.optimizer.lr = 1;
    ASSERT_TRUE(Train(*task, Terms(.1, 4), none, config, static_cast<std::uint64_t>(i)).ok());
    for (const float w : Floats(*task)) square += double{w} * w;
  }
  const double variance = square / (60 * 21), expected = 4.0 / (20 * 20);
  EXPECT_NEAR(variance / expected, 1, 6 * std::sqrt(2.0 / (60 * 21)));  // 6 standard errors
}

TEST_F(PrivateLoopTest, LotIsDividedByItsExpectationNotByItsSize) {
  MadeExamples data({6}, 3, 1, 2);
  PrivateTraining terms = Terms(1, 1);
  terms.noise_multiplier = 1e-4;
  TrainConfig config;
  config.optimizer.lr = 1;
  auto task = Task();
  ASSERT_TRUE(Train(*task, terms, data, config).ok());
  double square = 0;
  for (const float w : Floats(*task)) square += double{w} * w;
  EXPECT_NEAR(std::sqrt(square), 1.0 / 20, 1e-3);  // one clipped row over an expected lot of 20
}

TEST_F(PrivateLoopTest, OptimizerActsOnTheNoisedQuotient) {
  const MadeExamples data({6}, 3, 200, 2);
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kAdam}) {
    TrainConfig config;
    config.optimizer.kind = kind;
    config.optimizer.momentum = kind == OptimizerKind::kSgd ? .9 : 0;
    config.optimizer.weight_decay = .01;
    config.proximal_mu = .1;
    auto task = Task();
    ASSERT_TRUE(Train(*task, Terms(.1), data, config).ok());
    EXPECT_NE(Floats(*task), std::vector<float>(21, 0.0f));
  }
}

// One pass after the other over everything: the lot summed, each block by itself, then the noise, then the
// quotient, then the optimizer.
std::vector<float> TrainInPlainPasses(const LayerStack& stack, const TrainConfig& config,
                                      const PrivateTraining& terms, const ExampleSource& data,
                                      NoiseBits bits) {
  ParameterSet state(SpecOfStack(stack).value());
  RandomStream init = SeededRandom(5).Open({.purpose = Purpose::kInit});
  InitializeStack(stack, init, state);
  PlanEngine engine(stack, state);
  EXPECT_TRUE(engine.Reserve(engine.most_unit_rows()).ok());
  const FlushDenormals flush;
  const UnitIndex units(data);
  const NoiseGrid grid = GridOf(terms, state.parameters().size());
  const NoiseAdder noise = NoiseAdder::Create(grid, terms.noise_multiplier).value();
  LotSummer summer(engine, data, units, {.loss = config.loss, .clip = terms.clip, .step = grid.step});
  ClientOptimizer optimizer;
  optimizer.Start(config, state.parameters());
  const std::uint32_t blocks = LotSummer::BlocksFor(terms.expected_lot, data);
  std::vector<LotMember> lot;
  for (std::uint32_t step = 0; step < terms.steps; ++step) {
    DrawLot(units.size(), terms.sampling_rate, blocks, bits, lot);
    std::vector<std::int64_t> sum(state.parameters().size(), 0);
    for (std::uint32_t block = 0; block < blocks; ++block) {
      std::vector<LotMember> members;
      for (const LotMember& m : lot) {
        if (m.block == block) members.push_back(m);
      }
      WholeSum one(sum.size());
      EXPECT_TRUE(summer.Sum(members, one).ok());
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += one.values[i];
    }
    noise.AddTo(sum, bits);
    std::vector<float> quotient(sum.size());
    noise.Convert(sum, terms.expected_lot, quotient);
    optimizer.Step(state.parameters(), quotient);
  }
  return {state.parameters().begin(), state.parameters().end()};
}

TEST_F(PrivateLoopTest, PiecewiseStepsAreThoseOfPlainPassesBitForBit) {
  const LayerStack stack = LayerStackBuilder({30})
                               .Dense("fc1", 40)
                               .Activation(LayerKind::kRelu)
                               .Dropout(.2)
                               .Dense("fc2", 21)
                               .Dense("fc3", 3)
                               .Finish()
                               .value();
  const MadeExamples data({30}, 3, 400, 2);
  TrainConfig config;
  config.optimizer.momentum = .5;
  for (const std::uint32_t expected_lot : {10u, 200u}) {  // one block, three blocks
    PrivateTraining terms = Terms(expected_lot / 400.0, 5);
    terms.expected_lot = expected_lot;
    const auto task =
        StackTask::Create(stack, {}, [](const LayerStack& layers, ParameterSet& state) {
          return Result<std::unique_ptr<BatchEngine>>(std::make_unique<PlanEngine>(layers, state));
        }).value();
    ASSERT_TRUE(task->Initialize(random_.Open({.purpose = Purpose::kInit})).ok());
    ASSERT_TRUE(Train(*task, terms, data, config).ok());
    EXPECT_EQ(Floats(*task), TrainInPlainPasses(stack, config, terms, data, noise_.Open({1}, {3})));
  }
}

TEST_F(PrivateLoopTest, FrozenTensorKeepsItsBytes) {
  const MadeExamples data({6}, 3, 50, 2);
  auto task = Task({"linear.weight"});
  ASSERT_TRUE(task->Initialize(random_.Open({.purpose = Purpose::kInit})).ok());
  const std::size_t weight = task->state().spec().Find("linear.weight");
  const auto copy = [&] {
    return std::vector<float>(task->state().tensor(weight).begin(), task->state().tensor(weight).end());
  };
  const std::vector<float> before = copy();
  ASSERT_TRUE(Train(*task, Terms(.5), data).ok());
  EXPECT_EQ(copy(), before);
}

TEST_F(PrivateLoopTest, StepsAreFixedAndAStopIsReadBeforeEach) {
  const MadeExamples data({6}, 3, 50, 2);
  std::vector<std::int64_t> seen;
  std::stop_source source;
  on_step_ = [&](std::int64_t step) {
    seen.push_back(step);
    if (step == 3) source.request_stop();
  };
  auto task = Task();
  EXPECT_EQ(Train(*task, Terms(.1), data, {}, 1, source.get_token()).status().id(), errors::kCancelled);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2, 3}));
}

TEST_F(PrivateLoopTest, InfiniteRowEndsNoRound) {
  MadeExamples data({6}, 3, 50, 2);
  data.feature(7, 2) = std::numeric_limits<float>::infinity();
  auto task = Task();
  EXPECT_TRUE(Train(*task, Terms(1), data).ok());
}

TEST_F(PrivateLoopTest, TermsThatCannotBeKeptAreRefused) {
  const MadeExamples data({6}, 3, 50, 2);
  const auto refusal = [&](PrivateTraining terms, TrainConfig config = {}) {
    auto task = Task();
    return Train(*task, terms, data, config).status().id();
  };
  PrivateTraining terms = Terms(.1);
  EXPECT_EQ(refusal(terms, {.optimizer = {}, .grad_clip = 1}), errors::kPrivacyTraining);
  EXPECT_EQ(refusal(terms, {.drop_last = true, .optimizer = {}}), errors::kPrivacyTraining);
  for (const double bad : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    terms = Terms(.1), terms.clip = bad;
    EXPECT_EQ(refusal(terms), errors::kPrivacyParameter);
    terms = Terms(.1), terms.noise_multiplier = bad;
    EXPECT_EQ(refusal(terms), errors::kPrivacyParameter);
  }
  terms = Terms(.1), terms.sampling_rate = 0;
  EXPECT_EQ(refusal(terms), errors::kPrivacyParameter);
  terms = Terms(.1), terms.sampling_rate = kWholeSamplingRate + 1;
  EXPECT_EQ(refusal(terms), errors::kPrivacyParameter);
  terms = Terms(.1), terms.steps = 0;
  EXPECT_EQ(refusal(terms), errors::kPrivacyParameter);
  terms = Terms(.1), terms.expected_lot = 0;
  EXPECT_EQ(refusal(terms), errors::kPrivacyParameter);
}

TEST(PrivateModelTest, StatisticsOfBatchesAreRefusedByName) {
  const auto spec = ParameterSpec::Create({{.name = "bn1.weight", .shape = {4}},
                                           {.name = "bn1.running_mean", .shape = {4}, .role = Role::kBuffer}})
                        .value();
  const Status status = CheckPrivateModel(spec);
  EXPECT_EQ(status.id(), errors::kPrivacyModel);
  EXPECT_NE(status.what().find("bn1.running_mean"), std::string::npos);
  EXPECT_NE(FormatForHumans(status).find("GroupNorm"), std::string::npos);
  const std::vector<std::string> frozen = {"bn1.*"};
  EXPECT_FALSE(CheckPrivateModel(WithLocal(spec, frozen).value()).ok());
  EXPECT_TRUE(CheckPrivateModel(ParameterSpec::Create({{.name = "w", .shape = {4}}}).value()).ok());
}

TEST(PrivateGridTest, IsThatOfTheDesign) {
  PrivateTraining terms;
  terms.clip = 1;
  terms.noise_multiplier = 1.5;
  const NoiseGrid grid = GridOf(terms, 10000);
  EXPECT_EQ(grid.step, std::ldexp(1.0, 1 - 20));
  EXPECT_NEAR(grid.sensitivity * grid.step, 1 + 0x1p-10 + 100 * grid.step, 1e-12);
}

}  // namespace
}  // namespace cairn
