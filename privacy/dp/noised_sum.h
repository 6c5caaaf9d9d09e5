#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "privacy/accounting/release_permit.h"
#include "privacy/dp/noise_bits.h"

namespace cairn {

// The grid a sum of clipped contributions lies on. Neighbouring sums differ by at most `sensitivity` grid
// steps in the Euclidean norm, rounding included (docs/privacy.md says how a clip becomes one).
struct NoiseGrid {
  double step = 0;         // a power of two
  double sensitivity = 0;  // in steps
};

// A sum of integers that may leave: discrete Gaussian noise was added under a permit, in integers, and is
// converted once, at the end. Floating-point noise leaks through its bit patterns, and float sums of
// neighbours differ by more than their clip (Mironov 2012; Jin et al., arXiv 2112.05307). There is no other
// way to make one.
class NoisedSum {
 public:
  // Adds noise of σ = noise multiplier × sensitivity, at least, to every coordinate. The permit says which
  // multiplier was charged. kPrivacyParameter for a grid the noise does not fit (σ from 1/16 to 2^24 − 1
  // steps), and for a permit of another kind of release: nothing was released then, and the charge stays.
  static Result<NoisedSum> Release(std::vector<std::int64_t> sum, NoiseGrid grid, NoiseBits& bits,
                                   ReleasePermit permit);

  std::span<const std::int64_t> steps() const { return steps_; }
  // Every coordinate over `denominator`, a public constant: never what was drawn.
  std::vector<float> Over(double denominator) const;
  // Noise that can be repeated protects nobody.
  bool is_simulated() const { return is_simulated_; }
  const Charge& charge() const { return charge_; }

 private:
  NoisedSum(std::vector<std::int64_t> steps, double step, bool is_simulated, Charge charge)
      : steps_(std::move(steps)), step_(step), is_simulated_(is_simulated), charge_(std::move(charge)) {}

  std::vector<std::int64_t> steps_;
  double step_;
  bool is_simulated_;
  Charge charge_;
};

}  // namespace cairn
