#include "client/learning/linear_task.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

#include "tests/unit/client/learning/made_examples.h"

namespace cairn {
namespace {

ModelConfig Linear(std::int64_t inputs, std::int64_t outputs) {
  return {.arch = "linear", .hyper = {{"inputs", inputs}, {"outputs", outputs}}};
}

std::unique_ptr<LearningTask> Make(const ModelConfig& model, std::vector<std::string> freeze = {}) {
  auto task = LinearTaskFactory().Create(model, freeze);
  EXPECT_TRUE(task.ok()) << task.status().ToString();
  return std::move(task).value();
}

std::vector<float> Floats(LearningTask& task) {
  const auto all = task.state().floats();
  return {all.begin(), all.end()};
}

class LinearTaskTest : public ::testing::Test {
 protected:
  Result<TrainReport> Train(LearningTask& task, const TrainConfig& config, const ExampleSource& data,
                            std::uint64_t round = 1, std::stop_token stop = {}) {
    return task.Train(config, data,
                      {.random = &random_, .round = {round}, .client = {3}, .on_step = on_step_}, stop);
  }

  SeededRandom random_{5};
  std::function<void(std::int64_t)> on_step_;
};

TEST_F(LinearTaskTest, OneLogisticStepIsTheOneDoneByHand) {
  MadeExamples data({2}, 2, 2, 1);
  data.feature(0, 0) = 1, data.feature(0, 1) = 0;
  data.feature(1, 0) = 0, data.feature(1, 1) = 2;
  std::int64_t labels[2];
  data.Gather(std::vector<std::uint32_t>{0, 1}, {}, labels);
  auto task = Make(Linear(2, 1));
  TrainConfig config{.loss = Loss::kBce, .epochs = 1, .batch = 2, .optimizer = {}};
  config.optimizer.lr = 1.0;
  const auto report = Train(*task, config, data);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  // From zero weights p = ½: the gradient is mean((½ − y)·x), the loss log 2.
  const float g0 = 0.5f - static_cast<float>(labels[0]), g1 = 0.5f - static_cast<float>(labels[1]);
  const auto w = task->state().tensor(0), b = task->state().tensor(1);
  EXPECT_FLOAT_EQ(w[0], -g0 * 1 / 2);
  EXPECT_FLOAT_EQ(w[1], -g1 * 2 / 2);
  EXPECT_FLOAT_EQ(b[0], -(g0 + g1) / 2);
  EXPECT_NEAR(report->loss_first, std::log(2.0), 1e-7);
  EXPECT_EQ(report->steps, 1);
  EXPECT_EQ(report->examples, 2);
}

TEST_F(LinearTaskTest, LearnsSeparableClasses) {
  const MadeExamples data({6}, 3, 600, 2);
  auto task = Make(Linear(6, 3));
  TrainConfig config{.epochs = 30, .batch = 10, .optimizer = {}};
  config.optimizer.lr = 0.1;
  const auto report = Train(*task, config, data);
  ASSERT_TRUE(report.ok());
  EXPECT_LT(report->loss_last, report->loss_first);
  const auto sums = task->Evaluate(Loss::kCrossEntropy, data, {});
  ASSERT_TRUE(sums.ok());
  EXPECT_GT(Summarize(*sums).accuracy, 0.97);
  EXPECT_EQ(sums->rows, 600);
}

TEST_F(LinearTaskTest, EqualLabelsGiveEqualBytesAndOtherRoundsOtherOrders) {
  const MadeExamples data({6}, 3, 57, 2);
  const auto trained = [&](std::uint64_t round) {
    auto task = Make(Linear(6, 3));
    EXPECT_TRUE(Train(*task, TrainConfig{.epochs = 2, .batch = 5, .optimizer = {}}, data, round).ok());
    return Floats(*task);
  };
  EXPECT_EQ(trained(1), trained(1));
  EXPECT_NE(trained(1), trained(2));
}

TEST_F(LinearTaskTest, StepsGoOnOverPassesAndShortBatchesCount) {
  const MadeExamples data({4}, 2, 10, 2);
  std::vector<std::int64_t> seen;
  on_step_ = [&](std::int64_t step) { seen.push_back(step); };
  auto task = Make(Linear(4, 2));
  EXPECT_EQ(Train(*task, TrainConfig{.epochs = 2, .batch = 4, .optimizer = {}}, data)->steps, 6);
  EXPECT_EQ(
      Train(*task, TrainConfig{.epochs = 2, .batch = 4, .drop_last = true, .optimizer = {}}, data)->steps, 4);
  seen.clear();
  EXPECT_EQ(Train(*task, TrainConfig{.steps = 7, .batch = 4, .optimizer = {}}, data)->steps, 7);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(Train(*task, TrainConfig{.epochs = 0, .batch = 4, .optimizer = {}}, data)->steps, 0);
}

TEST_F(LinearTaskTest, FusedStepAgreesWithTheGradient) {
  const MadeExamples data({13}, 4, 200, 2);
  TrainConfig fused{.epochs = 2, .batch = 7, .optimizer = {}};
  fused.optimizer.lr = 0.05;
  TrainConfig unfused = fused;
  unfused.grad_clip = 1e30;  // clips nothing, but takes the way over gradients
  auto a = Make(Linear(13, 4)), b = Make(Linear(13, 4));
  ASSERT_TRUE(Train(*a, fused, data).ok());
  ASSERT_TRUE(Train(*b, unfused, data).ok());
  const std::vector<float> x = Floats(*a), y = Floats(*b);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], y[i], 1e-5);
}

TEST_F(LinearTaskTest, FrozenTensorKeepsItsBytes) {
  const MadeExamples data({4}, 3, 30, 2);
  auto task = Make(Linear(4, 3), {"linear.weight"});
  ASSERT_TRUE(task->Initialize(random_.Open({.purpose = Purpose::kInit})).ok());
  const std::size_t weight = task->state().spec().Find("linear.weight"),
                    bias = task->state().spec().Find("linear.bias");
  EXPECT_EQ(task->state().spec().tensors()[weight].scope, Scope::kLocal);
  const auto copy = [&](std::size_t i) {
    return std::vector<float>(task->state().tensor(i).begin(), task->state().tensor(i).end());
  };
  const std::vector<float> weight_before = copy(weight), bias_before = copy(bias);
  ASSERT_TRUE(Train(*task, TrainConfig{}, data).ok());
  EXPECT_EQ(copy(weight), weight_before);
  EXPECT_NE(copy(bias), bias_before);
}

TEST_F(LinearTaskTest, InitialValuesAreInRangeAndFreezingChangesNone) {
  auto open = Make(Linear(16, 3)), frozen = Make(Linear(16, 3), {"linear.weight"});
  for (LearningTask* task : {open.get(), frozen.get()}) {
    ASSERT_TRUE(task->Initialize(random_.Open({.purpose = Purpose::kInit})).ok());
  }
  for (const float w : open->state().floats()) EXPECT_LE(std::abs(w), 0.25f);  // 1/√16
  for (const char* name : {"linear.weight", "linear.bias"}) {
    const auto a = open->state().tensor(open->state().spec().Find(name));
    const auto b = frozen->state().tensor(frozen->state().spec().Find(name));
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << name;
  }
}

TEST_F(LinearTaskTest, StopIsReadBeforeEveryBatch) {
  const MadeExamples data({4}, 2, 100, 2);
  std::stop_source source;
  int steps = 0;
  on_step_ = [&](std::int64_t) {
    if (++steps == 3) source.request_stop();
  };
  auto task = Make(Linear(4, 2));
  EXPECT_EQ(Train(*task, TrainConfig{.epochs = 1, .batch = 1, .optimizer = {}}, data, 1, source.get_token())
                .status()
                .id(),
            errors::kCancelled);
  EXPECT_EQ(steps, 3);
}

TEST_F(LinearTaskTest, DivergenceNamesStepAndRate) {
  MadeExamples data({4}, 2, 20, 2);
  for (std::size_t i = 0; i < 20; ++i) data.feature(i, 0) = 1e30f;
  auto task = Make(Linear(4, 2));
  TrainConfig config{.epochs = 5, .batch = 4, .optimizer = {}};
  config.optimizer.lr = 1e10;
  const auto report = Train(*task, config, data);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.status().id(), errors::kDiverged);
  EXPECT_NE(report.status().what().find("step 2"), std::string::npos) << report.status().what();
  EXPECT_NE(report.status().what().find("learning rate 10000000000"), std::string::npos)
      << report.status().what();
}

TEST_F(LinearTaskTest, SplitsOfOneSetSumToEqualMetrics) {
  auto whole = std::make_shared<MadeExamples>(std::vector<std::int64_t>{13}, 3, 300, 2);
  auto task = Make(Linear(13, 3));
  ASSERT_TRUE(task->Initialize(random_.Open({.purpose = Purpose::kInit})).ok());
  const auto expected = task->Evaluate(Loss::kCrossEntropy, *whole, {});
  ASSERT_TRUE(expected.ok());
  for (const std::uint32_t parts : {2u, 7u}) {
    MetricSums sums = MetricSums::ForClasses(3);
    for (std::uint32_t part = 0; part < parts; ++part) {
      std::vector<std::uint32_t> rows;
      for (std::uint32_t r = part; r < whole->size(); r += parts) rows.push_back(r);
      ASSERT_TRUE(sums.Add(*task->Evaluate(Loss::kCrossEntropy, Subset(whole, rows), {})).ok());
    }
    EXPECT_EQ(sums, *expected) << parts;
  }
}

TEST_F(LinearTaskTest, DataThatDoNotFitAreRefused) {
  auto task = Make(Linear(4, 2));
  const auto train = [&](const ExampleSource& data, TrainConfig config = {}) {
    return Train(*task, config, data).status();
  };
  EXPECT_EQ(train(MadeExamples({5}, 2, 10, 1)).what(), "an example has 5 features, the model takes 4");
  EXPECT_EQ(train(MadeExamples({4}, 3, 10, 1)).what(), "the data have 3 classes, the model tells apart 2");
  EXPECT_EQ(train(MadeExamples({4}, 2, 0, 1)).id(), errors::kTrainNothing);
  EXPECT_EQ(train(MadeExamples({4}, 2, 10, 1), {.batch = 11, .drop_last = true, .optimizer = {}}).id(),
            errors::kTrainNothing);
  EXPECT_EQ(train(MadeExamples({4}, 2, 10, 1), {.loss = Loss::kBce, .optimizer = {}}).id(),
            errors::kModelData);
  EXPECT_EQ(train(MadeExamples({4}, 2, 10, 1), {.steps = 4000000000u, .batch = 10, .optimizer = {}}).id(),
            errors::kTrainConfig);
}

TEST_F(LinearTaskTest, MistypedNamesAreSuggested) {
  ModelConfig model = Linear(4, 2);
  model.hyper["biass"] = std::int64_t{1};
  const Status status = LinearTaskFactory().Create(model, {}).status();
  EXPECT_EQ(status.id(), errors::kModelConfig);
  EXPECT_NE(status.what().find("did you mean \"bias\"?"), std::string::npos) << status.what();
  EXPECT_EQ(LinearTaskFactory().Create(Linear(0, 2), {}).status().what(),
            "model.hyper.inputs of \"linear\" is 0, expected an integer in [1, 16777216]");
  EXPECT_EQ(LinearTaskFactory().Create({.arch = "mlp", .hyper = {}}, {}).status().id(), errors::kModelConfig);
}

}  // namespace
}  // namespace cairn
