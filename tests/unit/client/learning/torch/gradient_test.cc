// Gradients against central differences of the loss: an oracle that shares no code with any engine.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "client/learning/plan_engine.h"
#include "client/learning/torch/autograd_engine.h"
#include "client/learning/zoo/zoo.h"

namespace cairn {
namespace {

HyperValue Int(std::int64_t value) { return value; }

ModelConfig TinyCnn(const char* pool) {
  return {.arch = "cnn-2conv",
          .hyper = {{"size", Int(10)},
                    {"classes", Int(3)},
                    {"channels", Int(2)},
                    {"conv", std::vector<std::int64_t>{3, 4}},
                    {"kernel", Int(3)},
                    {"pad", Int(1)},
                    {"fc", Int(7)},
                    {"pool", std::string(pool)}}};
}

// The step trades the kinks of ReLU and max-pool, whose error shrinks with it (0.15, 0.035, 0.014 at 2, 1,
// 0.5 · 10⁻³), against the rounding of float logits, which grows below it. A wrong gradient is far off at
// any.
void ExpectTrueGradient(BatchEngine& engine, ParameterSet& state, const char* what) {
  RandomStream stream = SeededRandom(3).Open({});
  constexpr std::size_t kRows = 3;
  ASSERT_TRUE(engine.Reserve(kRows).ok());
  for (float& x : engine.features()) x = static_cast<float>(stream.Normal());
  const std::vector<std::int64_t> labels = {0, 2, 1};
  const TrainBatch batch{.rows = kRows, .labels = labels, .loss = Loss::kCrossEntropy, .dropout = nullptr};
  ASSERT_TRUE(engine.ComputeGradients(batch).ok());
  const std::vector<float> gradient(engine.gradients().begin(), engine.gradients().end());
  double norm = 0, difference = 0;
  const std::size_t stride = std::max<std::size_t>(1, gradient.size() / 300);
  for (std::size_t i = 0; i < gradient.size(); i += stride) {
    const float kept = state.parameters()[i];
    constexpr float kStep = 5e-4f;
    state.parameters()[i] = kept + kStep;
    const double above = engine.ComputeGradients(batch).value();
    state.parameters()[i] = kept - kStep;
    const double below = engine.ComputeGradients(batch).value();
    state.parameters()[i] = kept;
    const double slope = (above - below) / (2 * kStep);
    norm += slope * slope;
    difference += (slope - gradient[i]) * (slope - gradient[i]);
  }
  EXPECT_LT(std::sqrt(difference / norm), 0.03) << what;
}

class GradientTest : public ::testing::TestWithParam<ModelConfig> {};

TEST_P(GradientTest, EqualsTheSlopeOfTheLoss) {
  const LayerStack stack = StackOf(GetParam()).value();
  ParameterSet state(SpecOfStack(stack).value());
  RandomStream stream = SeededRandom(1).Open({.purpose = Purpose::kInit});
  InitializeStack(stack, stream, state);
  auto autograd = NewAutogradEngine(stack, state);
  ASSERT_TRUE(autograd.ok());
  ExpectTrueGradient(**autograd, state, "autograd");
  auto tailed = NewAutogradEngine(stack, state, DenseTail::kPlanned);
  ASSERT_TRUE(tailed.ok());
  ExpectTrueGradient(**tailed, state, "autograd with a planned tail");
  if (PlanEngine::Supports(stack)) {
    PlanEngine plan(stack, state);
    ExpectTrueGradient(plan, state, "plan");
  }
}

INSTANTIATE_TEST_SUITE_P(Models, GradientTest,
                         ::testing::Values(TinyCnn("each"), TinyCnn("last"),
                                           ModelConfig{.arch = "mlp",
                                                       .hyper = {{"inputs", Int(9)}, {"classes", Int(3)}}}));

}  // namespace
}  // namespace cairn
