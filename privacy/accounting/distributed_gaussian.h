#pragma once

#include <cstdint>

#include "core/base/result.h"
#include "privacy/accounting/privacy_event.h"

namespace cairn {

// Discrete Gaussian noise in shares, one a client, added inside the mask (Kairouz, Liu, Steinke 2021,
// arXiv 2102.06387). Sums of discrete Gaussians are not quite discrete Gaussian: τ is what that costs; at the
// widths a 16-bit grid and more leads to it is 0 in double precision. Pure functions.

// RDP(α) of one release under zero-out (Theorem 1 with Proposition 14).
double DistributedGaussianRdp(const DistributedGaussianNoise& noise, double order);

// The grid and bounds that go with a choice of noise; lengths are in the unit of the clip norm.
struct DistributedGaussianSetup {
  struct Config {
    double clip = 1;           // c
    std::uint32_t honest = 0;  // n: least survivors − colluders
    std::uint64_t dimension = 0;
    unsigned bits = 20;      // of the sum's fine range
    double local_sigma = 0;  // σ_loc, the share of one client
  };
  double gamma = 0;        // grid step
  double share_sigma = 0;  // s = σ_loc/γ
  double norm_bound = 0;   // ρ
  DistributedGaussianNoise noise;
};
// γ solves 2^b = 2k·√(c²n²/d + (γ²/4 + σ_loc²)n)/γ with k = 4; ρ as in §3.4 of that paper with β = e^−½.
// kPrivacyParameter for what is not positive, and for a range so small that no γ solves it.
Result<DistributedGaussianSetup> SetUpDistributedGaussian(const DistributedGaussianSetup::Config& config);

}  // namespace cairn
