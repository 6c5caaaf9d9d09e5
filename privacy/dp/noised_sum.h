#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "privacy/accounting/release_permit.h"
#include "privacy/dp/noise_adder.h"
#include "privacy/dp/noise_bits.h"

namespace cairn {

// A sum of integers that may leave: discrete Gaussian noise was added under a permit, in integers, and is
// converted once, at the end (noise_adder.h). There is no other way to make one.
class NoisedSum {
 public:
  // Adds noise of σ = noise multiplier × sensitivity, at least, to every coordinate. The permit says which
  // multiplier was charged. kPrivacyParameter for a grid the noise does not fit (σ from 1/16 to 2^24 − 1
  // steps), and for a permit of another kind of release: nothing was released then, and the charge stays.
  static Result<NoisedSum> Release(std::vector<std::int64_t> sum, NoiseGrid grid, NoiseBits& bits,
                                   ReleasePermit permit);

  std::span<const std::int64_t> steps() const { return steps_; }
  std::vector<std::int64_t> TakeSteps() && { return std::move(steps_); }
  // Every coordinate over `denominator`, a public constant: never what was drawn.
  std::vector<float> Over(double denominator) const;
  // Noise that can be repeated protects nobody.
  bool is_simulated() const { return is_simulated_; }
  const Charge& charge() const { return charge_; }

 private:
  NoisedSum(std::vector<std::int64_t> steps, NoiseAdder adder, bool is_simulated, Charge charge)
      : steps_(std::move(steps)), adder_(adder), is_simulated_(is_simulated), charge_(std::move(charge)) {}

  std::vector<std::int64_t> steps_;
  NoiseAdder adder_;
  bool is_simulated_;
  Charge charge_;
};

}  // namespace cairn
