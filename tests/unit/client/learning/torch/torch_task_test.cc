#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "client/learning/torch/factory.h"
#include "tests/unit/client/learning/made_examples.h"

namespace cairn {
namespace {

HyperValue Int(std::int64_t value) { return value; }

ModelConfig SmallMlp(double dropout = 0) {
  return {.arch = "mlp",
          .hyper = {{"inputs", Int(20)},
                    {"classes", Int(4)},
                    {"hidden", std::vector<std::int64_t>{33, 17}},
                    {"dropout", dropout}}};
}
ModelConfig SmallCnn(double dropout = 0) {
  return {.arch = "cnn-2conv",
          .hyper = {{"size", Int(12)},
                    {"classes", Int(4)},
                    {"conv", std::vector<std::int64_t>{3, 5}},
                    {"fc", Int(16)},
                    {"dropout_fc", dropout}}};
}

const SeededRandom kRandom(11);

std::unique_ptr<LearningTask> Make(const ModelConfig& model, TrainEngine engine,
                                   std::vector<std::string> freeze = {}) {
  auto task = NewTorchTaskFactory(engine)->Create(model, freeze);
  EXPECT_TRUE(task.ok()) << task.status().ToString();
  EXPECT_TRUE((*task)->Initialize(kRandom.Open({.purpose = Purpose::kInit})).ok());
  return std::move(task).value();
}

Result<TrainReport> Train(LearningTask& task, const TrainConfig& config, const ExampleSource& data) {
  return task.Train(config, data, {.random = &kRandom, .round = {2}, .client = {7}, .on_step = {}}, {});
}

std::vector<float> Floats(LearningTask& task) {
  return {task.state().floats().begin(), task.state().floats().end()};
}

// Largest difference over the norm of the tensor it is in.
double WorstRelative(LearningTask& a, LearningTask& b) {
  double worst = 0;
  for (std::size_t t = 0; t < a.state().spec().tensors().size(); ++t) {
    double norm = 0, difference = 0;
    const auto x = a.state().tensor(t), y = b.state().tensor(t);
    for (std::size_t i = 0; i < x.size(); ++i) {
      norm += double{x[i]} * x[i];
      difference += (double{x[i]} - y[i]) * (double{x[i]} - y[i]);
    }
    worst = std::max(worst, std::sqrt(difference / norm));
  }
  return worst;
}

struct EngineCase {
  const char* name;
  ModelConfig model;
  std::vector<std::int64_t> dims;
};

void PrintTo(const EngineCase& one, std::ostream* out) { *out << one.name; }

class TorchTaskTest : public ::testing::TestWithParam<EngineCase> {};

TEST_P(TorchTaskTest, LearnsAndRepeatsByteForByte) {
  const MadeExamples data(GetParam().dims, 4, 240, 1);
  TrainConfig config{.epochs = 8, .batch = 8, .optimizer = {}};
  // At 0.05 the ReLUs of the CNN die, in PyTorch as here.
  config.optimizer.lr = 0.01;
  config.optimizer.momentum = 0.9;
  auto first = Make(GetParam().model, TrainEngine::kAuto),
       second = Make(GetParam().model, TrainEngine::kAuto);
  const auto report = Train(*first, config, data);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_LT(report->loss_last, 0.7 * report->loss_first);
  EXPECT_EQ(report->steps, 240);
  ASSERT_TRUE(Train(*second, config, data).ok());
  EXPECT_EQ(Floats(*first), Floats(*second));
}

TEST_P(TorchTaskTest, SplitsOfOneSetSumToEqualMetrics) {
  for (const TrainEngine engine : {TrainEngine::kAuto, TrainEngine::kAutograd}) {
    auto whole = std::make_shared<MadeExamples>(GetParam().dims, 4, 300, 2);
    auto task = Make(GetParam().model, engine);
    const auto expected = task->Evaluate(Loss::kCrossEntropy, *whole, {});
    ASSERT_TRUE(expected.ok()) << expected.status().ToString();
    for (const std::uint32_t parts : {2u, 7u}) {
      MetricSums sums = MetricSums::ForClasses(4);
      for (std::uint32_t part = 0; part < parts; ++part) {
        std::vector<std::uint32_t> rows;
        for (std::uint32_t r = part; r < whole->size(); r += parts) rows.push_back(r);
        ASSERT_TRUE(sums.Add(*task->Evaluate(Loss::kCrossEntropy, Subset(whole, rows), {})).ok());
      }
      EXPECT_TRUE(sums == *expected) << parts << " parts, engine " << static_cast<int>(engine);
    }
  }
}

TEST_P(TorchTaskTest, PlanFollowsAutograd) {
  const MadeExamples data(GetParam().dims, 4, 90, 3);
  for (const std::uint32_t steps : {1u, 100u}) {
    TrainConfig config{.steps = steps, .batch = 7, .optimizer = {}};
    config.optimizer.lr = 0.01;
    auto plan = Make(GetParam().model, TrainEngine::kAuto),
         autograd = Make(GetParam().model, TrainEngine::kAutograd);
    ASSERT_TRUE(Train(*plan, config, data).ok());
    ASSERT_TRUE(Train(*autograd, config, data).ok());
    EXPECT_LT(WorstRelative(*plan, *autograd), steps == 1 ? 1e-5 : 1e-3) << steps;
  }
}

TEST_P(TorchTaskTest, FrozenTensorsKeepTheirBytesInBothEngines) {
  const MadeExamples data(GetParam().dims, 4, 40, 3);
  for (const TrainEngine engine : {TrainEngine::kAuto, TrainEngine::kAutograd}) {
    auto task = Make(GetParam().model, engine, {"*1.*", "fc2.bias"});
    auto fresh = Make(GetParam().model, engine, {"*1.*", "fc2.bias"});
    ASSERT_TRUE(Train(*task, TrainConfig{}, data).ok());
    const auto& tensors = task->state().spec().tensors();
    for (std::size_t t = 0; t < tensors.size(); ++t) {
      const auto now = task->state().tensor(t), before = fresh->state().tensor(t);
      EXPECT_EQ(std::equal(now.begin(), now.end(), before.begin()), tensors[t].scope == Scope::kLocal)
          << tensors[t].name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, TorchTaskTest,
                         ::testing::Values(EngineCase{"mlp", SmallMlp(), {20}},
                                           EngineCase{"mlp_dropout", SmallMlp(0.25), {20}},
                                           EngineCase{"cnn", SmallCnn(), {1, 12, 12}},
                                           EngineCase{"cnn_dropout", SmallCnn(0.5), {1, 12, 12}}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(TorchFactoryTest, BceWithOneColumnLearnsInBothEngines) {
  const MadeExamples data({6}, 2, 200, 4);
  const ModelConfig model{
      .arch = "mlp",
      .hyper = {{"inputs", Int(6)}, {"classes", Int(1)}, {"hidden", std::vector<std::int64_t>{8}}}};
  TrainConfig config{.loss = Loss::kBce, .epochs = 20, .batch = 10, .optimizer = {}};
  config.optimizer.lr = 0.2;
  auto plan = Make(model, TrainEngine::kPlan), autograd = Make(model, TrainEngine::kAutograd);
  ASSERT_TRUE(Train(*plan, config, data).ok());
  ASSERT_TRUE(Train(*autograd, config, data).ok());
  EXPECT_LT(WorstRelative(*plan, *autograd), 1e-3);
  const auto sums = plan->Evaluate(Loss::kBce, data, {});
  ASSERT_TRUE(sums.ok());
  EXPECT_EQ(sums->classes, 2u);
  EXPECT_GT(Summarize(*sums).accuracy, 0.95);
  EXPECT_GT(Summarize(*sums).roc_auc, 0.95);
}

TEST(TorchFactoryTest, DivergenceIsRefused) {
  const MadeExamples data({20}, 4, 60, 4);
  TrainConfig config{.epochs = 10, .batch = 8, .optimizer = {}};
  config.optimizer.lr = 1e20;
  for (const TrainEngine engine : {TrainEngine::kPlan, TrainEngine::kAutograd}) {
    auto task = Make(SmallMlp(), engine);
    EXPECT_EQ(Train(*task, config, data).status().id(), errors::kDiverged);
  }
}

TEST(TorchFactoryTest, TanhRunsOnAutogradAndAPlanForItIsRefused) {
  ModelConfig model = SmallMlp();
  model.hyper["activation"] = std::string("tanh");
  const MadeExamples data({20}, 4, 60, 4);
  auto task = Make(model, TrainEngine::kAuto);
  EXPECT_TRUE(Train(*task, TrainConfig{}, data).ok());
  EXPECT_EQ(NewTorchTaskFactory(TrainEngine::kPlan)->Create(model, {}).status().id(), errors::kModelConfig);
}

}  // namespace
}  // namespace cairn
