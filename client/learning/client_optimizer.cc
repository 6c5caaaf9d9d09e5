#include "client/learning/client_optimizer.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/check.h"

namespace cairn {
namespace {

Status Refuse(const char* key, double got, const char* expected) {
  return Status(errors::kTrainConfig,
                std::string("train.") + key + " is " + std::to_string(got) + ", expected " + expected);
}

bool AtLeastZero(double value) { return std::isfinite(value) && value >= 0; }

}  // namespace

Status CheckTrainConfig(const TrainConfig& config) {
  const OptimizerConfig& o = config.optimizer;
  if (config.batch == 0) return Refuse("batch", 0, "at least 1");
  if (!AtLeastZero(o.lr)) return Refuse("optimizer.lr", o.lr, "a finite number, 0 or more");
  if (!(o.momentum >= 0 && o.momentum < 1))
    return Refuse("optimizer.momentum", o.momentum, "a number in [0, 1)");
  if (!AtLeastZero(o.weight_decay))
    return Refuse("optimizer.weight_decay", o.weight_decay, "a finite number, 0 or more");
  if (!(o.beta1 >= 0 && o.beta1 < 1)) return Refuse("optimizer.beta1", o.beta1, "a number in [0, 1)");
  if (!(o.beta2 >= 0 && o.beta2 < 1)) return Refuse("optimizer.beta2", o.beta2, "a number in [0, 1)");
  if (!AtLeastZero(o.eps)) return Refuse("optimizer.eps", o.eps, "a finite number, 0 or more");
  if (!AtLeastZero(config.grad_clip))
    return Refuse("grad_clip", config.grad_clip, "a finite number, 0 for none");
  if (!AtLeastZero(config.proximal_mu))
    return Refuse("proximal_mu", config.proximal_mu, "a finite number, 0 for none");
  if (o.nesterov && o.momentum == 0) {
    return Status(errors::kTrainConfig, "train.optimizer.nesterov needs a momentum above 0");
  }
  return {};
}

double FlatNorm(std::span<const float> values) {
  constexpr std::size_t kLanes = 16;
  double lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) lanes[k] += double{values[i + k]} * double{values[i + k]};
  }
  for (std::size_t k = 0; i < values.size(); ++i, ++k) lanes[k] += double{values[i]} * double{values[i]};
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return std::sqrt(sum);
}

bool AllFinite(std::span<const float> values) {
  // x − x is 0 for a finite x and NaN otherwise; a sum of zeros is exact in any order.
  constexpr std::size_t kLanes = 16;
  float lanes[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) lanes[k] += values[i + k] - values[i + k];
  }
  for (; i < values.size(); ++i) lanes[0] += values[i] - values[i];
  return std::all_of(std::begin(lanes), std::end(lanes), [](float lane) { return lane == 0; });
}

void ClientOptimizer::Start(const TrainConfig& config, std::span<const float> weights) {
  config_ = config.optimizer;
  grad_clip_ = config.grad_clip;
  proximal_mu_ = config.proximal_mu;
  steps_ = 0;
  const bool sgd = config_.kind == OptimizerKind::kSgd;
  plain_ = sgd && config_.momentum == 0 && config_.weight_decay == 0 && grad_clip_ == 0 && proximal_mu_ == 0;
  if (proximal_mu_ > 0) anchor_.assign(weights.begin(), weights.end());
  if (!sgd || config_.momentum > 0) first_.assign(weights.size(), 0.0f);
  if (!sgd) second_.assign(weights.size(), 0.0f);
}

void ClientOptimizer::Step(std::span<float> weights, std::span<float> gradients) {
  CAIRN_CHECK(weights.size() == gradients.size(), "a gradient for every weight");
  AddPull(0, weights, gradients);
  if (grad_clip_ > 0) {
    // torch.nn.utils.clip_grad_norm_: the scale is never above 1.
    const double scale = grad_clip_ / (FlatNorm(gradients) + 1e-6);
    if (scale < 1) {
      for (float& g : gradients) g *= static_cast<float>(scale);
    }
  }
  BeginStep();
  Move(0, weights, gradients);
}

void ClientOptimizer::BeginStep() {
  ++steps_;
  if (config_.kind == OptimizerKind::kSgd) return;
  correction1_ = 1.0 - std::pow(config_.beta1, static_cast<double>(steps_));
  correction2_ = 1.0 - std::pow(config_.beta2, static_cast<double>(steps_));
}

void ClientOptimizer::StepPart(std::size_t offset, std::span<float> weights, std::span<float> gradients) {
  CAIRN_CHECK(grad_clip_ == 0, "the norm of a gradient is that of all its parts");
  CAIRN_CHECK(weights.size() == gradients.size(), "a gradient for every weight");
  AddPull(offset, weights, gradients);
  Move(offset, weights, gradients);
}

void ClientOptimizer::AddPull(std::size_t offset, std::span<const float> weights,
                              std::span<float> gradients) const {
  if (proximal_mu_ <= 0) return;
  const auto mu = static_cast<float>(proximal_mu_);
  const float* const anchor = anchor_.data() + offset;
  for (std::size_t i = 0; i < weights.size(); ++i) gradients[i] += mu * (weights[i] - anchor[i]);
}

void ClientOptimizer::Move(std::size_t offset, std::span<float> weights, std::span<const float> gradients) {
  if (config_.kind == OptimizerKind::kSgd) {
    MoveSgd(offset, weights, gradients);
  } else {
    MoveAdam(offset, weights, gradients);
  }
}

void ClientOptimizer::MoveSgd(std::size_t offset, std::span<float> weights,
                              std::span<const float> gradients) {
  const auto lr = static_cast<float>(config_.lr), decay = static_cast<float>(config_.weight_decay);
  if (config_.momentum == 0) {
    kernels_.sgd(weights.data(), gradients.data(), lr, decay, weights.size());
    return;
  }
  const auto momentum = static_cast<float>(config_.momentum);
  const float look_ahead = config_.nesterov ? momentum : 0.0f;
  float* const first = first_.data() + offset;
  // The first buffer is the gradient itself: momentum · 0 + g.
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float g = gradients[i] + decay * weights[i];
    first[i] = momentum * first[i] + g;
    weights[i] -= lr * (config_.nesterov ? g + look_ahead * first[i] : first[i]);
  }
}

// Kingma and Ba, ICLR 2015, in PyTorch's arrangement: both corrections enter as scalars, eps stands
// outside the corrected root.
void ClientOptimizer::MoveAdam(std::size_t offset, std::span<float> weights,
                               std::span<const float> gradients) {
  const auto beta1 = static_cast<float>(config_.beta1), beta2 = static_cast<float>(config_.beta2);
  const auto rest1 = static_cast<float>(1.0 - config_.beta1), rest2 = static_cast<float>(1.0 - config_.beta2);
  const auto decay = static_cast<float>(config_.weight_decay), eps = static_cast<float>(config_.eps);
  const auto root = static_cast<float>(std::sqrt(correction2_));
  const auto size = static_cast<float>(config_.lr / correction1_);
  float *const first = first_.data() + offset, *const second = second_.data() + offset;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float g = gradients[i] + decay * weights[i];
    first[i] = beta1 * first[i] + rest1 * g;
    second[i] = beta2 * second[i] + rest2 * g * g;
    weights[i] -= size * (first[i] / (std::sqrt(second[i]) / root + eps));
  }
}

}  // namespace cairn
