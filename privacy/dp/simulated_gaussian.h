#pragma once

#include <span>

#include "privacy/dp/noise_bits.h"

namespace cairn {

// Fills with standard normal floats from cryptographic bits, for simulations that want the cost and the
// statistics of noise. Not for releases: floating-point noise gives away what it was added to (noised_sum.h).
// Box and Muller on 31 bits of radius and 26 of angle: nothing lies beyond 6.67, and neighbouring floats are
// not all reached. The same bits give the same floats on every machine.
void FillSimulatedGaussian(std::span<float> out, NoiseBits& bits);

// The name of the loop this machine uses: base, avx2 or avx512. Tests force one; false where it cannot run.
const char* SimulatedGaussianKernel();
bool ForceSimulatedGaussianKernel(const char* name);  // or "auto"

}  // namespace cairn
