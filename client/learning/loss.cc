#include "client/learning/loss.h"

#include <algorithm>
#include <cmath>

namespace cairn {
namespace {

// log(1 + exp(z)) without overflow.
double Softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))); }

double SoftmaxRow(std::span<const float> logits, std::size_t label, float share, std::span<float> gradient) {
  const float top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (std::size_t c = 0; c < logits.size(); ++c) {
    gradient[c] = std::exp(logits[c] - top);
    sum += gradient[c];
  }
  const auto scale = static_cast<float>(share / sum);
  for (float& g : gradient) g *= scale;
  gradient[label] -= share;
  return std::log(sum) - static_cast<double>(logits[label] - top);
}

// The summed loss, and `share` times its gradient.
double LossAndGradient(Loss loss, std::span<const float> logits, std::span<const std::int64_t> labels,
                       float share, std::span<float> gradient) {
  const std::size_t rows = labels.size(), outputs = logits.size() / rows;
  double sum = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    if (loss == Loss::kCrossEntropy) {
      sum += SoftmaxRow(logits.subspan(r * outputs, outputs), static_cast<std::size_t>(labels[r]), share,
                        gradient.subspan(r * outputs, outputs));
    } else {
      const float z = logits[r], y = static_cast<float>(labels[r]);
      gradient[r] = (1.0f / (1.0f + std::exp(-z)) - y) * share;
      sum += RowLoss(loss, logits.subspan(r, 1), labels[r]);
    }
  }
  return sum;
}

}  // namespace

double MeanLossAndGradient(Loss loss, std::span<const float> logits, std::span<const std::int64_t> labels,
                           std::span<float> gradient) {
  const auto rows = static_cast<double>(labels.size());
  return LossAndGradient(loss, logits, labels, 1.0f / static_cast<float>(labels.size()), gradient) / rows;
}

double SumLossAndGradient(Loss loss, std::span<const float> logits, std::span<const std::int64_t> labels,
                          std::span<float> gradient) {
  return LossAndGradient(loss, logits, labels, 1.0f, gradient);
}

double RowLoss(Loss loss, std::span<const float> logits, std::int64_t label) {
  if (loss == Loss::kBce) return Softplus(label == 1 ? -double{logits[0]} : double{logits[0]});
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float z : logits) sum += std::exp(z - top);
  return std::log(sum) - (logits[static_cast<std::size_t>(label)] - top);
}

void FillDropoutMask(RandomStream& stream, double rate, std::span<float> mask) {
  const auto threshold = static_cast<std::uint64_t>(rate * 4294967296.0);
  const auto kept = static_cast<float>(1.0 / (1.0 - rate));
  for (float& m : mask) m = stream.NextU32() < threshold ? 0.0f : kept;
}

}  // namespace cairn
