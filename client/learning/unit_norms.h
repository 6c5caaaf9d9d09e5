#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "client/learning/step_kernels.h"

namespace cairn {

// Norms of the gradients of a batch's units over all layers, and the factors that clip them. A dense layer's
// come from what went in (a) and the gradients by what came out (b), without the gradient itself: a row's is
// b·aᵀ, so two rows' inner product is (a·a′)(b·b′), and (a·a′ + 1)(b·b′) with the bias (Goodfellow 2015,
// arXiv 1510.01799; Li et al., arXiv 2110.05679).
//
//   norms.Start(ends);
//   norms.AddDense(…);             // each layer that learns
//   double mass = norms.Clip(1);   // then factors()
//
// Sums are in double; what their rounding and that of scaled rows can hide is added to the norm, so that a
// factor is never too large. Each number depends on its own unit's rows alone. Keeps its memory. Not
// thread-safe.
class UnitNorms {
 public:
  void Start(std::span<const std::uint32_t> ends);

  struct Dense {
    const float* inputs = nullptr;  // rows × in
    std::size_t in = 0;
    const float* deltas = nullptr;  // rows × out
    std::size_t out = 0;
    bool weight = true, bias = true;  // that learn
  };
  void AddDense(const Dense& layer);
  // A layer whose gradients were written down, a row's after the other: rows × size floats.
  void AddExplicit(const float* gradients, std::size_t size);

  // Makes the factors; returns ClippedSum::mass. A norm that is not finite gets the factor 0, and so does a
  // unit so large that its scaled rows would be subnormal.
  double Clip(double clip);
  std::span<const float> factors() const { return factors_; }  // one a unit
  std::size_t units() const { return ends_.size(); }
  std::size_t begin(std::size_t unit) const { return unit == 0 ? 0 : ends_[unit - 1]; }
  std::size_t end(std::size_t unit) const { return ends_[unit]; }

  // Scales the rows of `deltas` by their unit's factor. Rows of a factor 0 become 0, also in `inputs`, where
  // they may hold what is not finite.
  void Scale(float* deltas, std::size_t out, float* inputs, std::size_t in) const;

 private:
  const StepKernels& kernels_ = BestStepKernels();
  std::vector<std::uint32_t> ends_;
  std::vector<double> squares_;      // of each unit's gradient
  std::vector<double> row_squares_;  // of each row's
  std::vector<double> underflow_;    // by how much subnormal numbers, made zero, may move each unit
  std::vector<double> scratch_;
  std::vector<float> factors_;
};

}  // namespace cairn
