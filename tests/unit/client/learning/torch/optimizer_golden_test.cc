// Five steps of ClientOptimizer against torch::optim on the same gradients.
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adam.h>
#include <torch/optim/sgd.h>

#include <memory>
#include <string>
#include <vector>

#include "client/learning/client_optimizer.h"

namespace cairn {
namespace {

struct GoldenCase {
  const char* name;
  TrainConfig config;
};

TrainConfig Config(OptimizerConfig optimizer, double grad_clip = 0, double mu = 0) {
  TrainConfig config;
  config.optimizer = optimizer;
  config.grad_clip = grad_clip;
  config.proximal_mu = mu;
  return config;
}

std::unique_ptr<torch::optim::Optimizer> TorchOptimizer(const OptimizerConfig& c, torch::Tensor w) {
  if (c.kind == OptimizerKind::kSgd) {
    return std::make_unique<torch::optim::SGD>(std::vector<torch::Tensor>{w},
                                               torch::optim::SGDOptions(c.lr)
                                                   .momentum(c.momentum)
                                                   .nesterov(c.nesterov)
                                                   .weight_decay(c.weight_decay));
  }
  return std::make_unique<torch::optim::Adam>(
      std::vector<torch::Tensor>{w},
      torch::optim::AdamOptions(c.lr).betas({c.beta1, c.beta2}).eps(c.eps).weight_decay(c.weight_decay));
}

class OptimizerGoldenTest : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(OptimizerGoldenTest, FiveStepsFollowTorch) {
  const TrainConfig& config = GetParam().config;
  const torch::Tensor start = torch::linspace(-2, 2, 37);
  const torch::Tensor target = torch::linspace(1, -3, 37).square();
  torch::Tensor theirs = start.clone().requires_grad_(true);
  const auto optimizer = TorchOptimizer(config.optimizer, theirs);

  std::vector<float> ours(start.data_ptr<float>(), start.data_ptr<float>() + 37);
  ClientOptimizer client;
  client.Start(config, ours);

  for (int step = 0; step < 5; ++step) {
    optimizer->zero_grad();
    torch::Tensor loss = (theirs * theirs * theirs - target).square().mean();
    if (config.proximal_mu > 0) loss = loss + config.proximal_mu / 2 * (theirs - start).square().sum();
    loss.backward();
    if (config.grad_clip > 0) torch::nn::utils::clip_grad_norm_(theirs, config.grad_clip);
    optimizer->step();

    torch::Tensor w = torch::from_blob(ours.data(), {37}).clone().requires_grad_(true);
    (w * w * w - target).square().mean().backward();
    std::vector<float> gradient(w.grad().data_ptr<float>(), w.grad().data_ptr<float>() + 37);
    client.Step(ours, gradient);
    for (int i = 0; i < 37; ++i)
      EXPECT_NEAR(ours[i], theirs[i].item<float>(), 1e-6) << "step " << step << " weight " << i;
  }
}

constexpr auto kSgd = OptimizerKind::kSgd;
constexpr auto kAdam = OptimizerKind::kAdam;

INSTANTIATE_TEST_SUITE_P(
    Settings, OptimizerGoldenTest,
    ::testing::Values(
        GoldenCase{"sgd", Config({.kind = kSgd, .lr = 0.01})},
        GoldenCase{"sgd_decay", Config({.kind = kSgd, .lr = 0.01, .weight_decay = 0.1})},
        GoldenCase{"momentum", Config({.kind = kSgd, .lr = 0.01, .momentum = 0.9})},
        GoldenCase{"momentum_decay",
                   Config({.kind = kSgd, .lr = 0.01, .momentum = 0.9, .weight_decay = 0.01})},
        GoldenCase{
            "nesterov",
            Config({.kind = kSgd, .lr = 0.01, .momentum = 0.9, .nesterov = true, .weight_decay = 0.01})},
        GoldenCase{"adam", Config({.kind = kAdam, .lr = 0.01})},
        GoldenCase{
            "adam_decay",
            Config(
                {.kind = kAdam, .lr = 0.02, .weight_decay = 0.1, .beta1 = 0.8, .beta2 = 0.99, .eps = 1e-6})},
        GoldenCase{"clipped", Config({.kind = kSgd, .lr = 0.1, .momentum = 0.5}, 0.7)},
        GoldenCase{"proximal", Config({.kind = kSgd, .lr = 0.01}, 0, 0.3)},
        GoldenCase{"proximal_clipped_adam", Config({.kind = kAdam, .lr = 0.01}, 0.5, 0.3)}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace cairn
