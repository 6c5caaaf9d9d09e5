#pragma once

#include <cstdint>

namespace cairn {

// The discrete Gaussian N_Z(0, σ²): P[k] ∝ exp(−k²/2σ²) on the integers (Canonne, Kamath, Steinke 2020,
// arXiv 2004.00010). σ is in steps of the grid. Pure functions.

double DiscreteGaussianPmf(double sigma, std::int64_t k);
double DiscreteGaussianVariance(double sigma);
// Exact δ(ε) of one release whose neighbours differ by `sensitivity` steps, in one coordinate.
double DiscreteGaussianDelta(double sigma, std::int64_t sensitivity, double epsilon);

}  // namespace cairn
