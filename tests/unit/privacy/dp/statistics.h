#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "privacy/dp/noise_bits.h"

namespace cairn {

// Seeds of statistical tests: fixed, so that a passing test keeps passing, unless CAIRN_NOISE_SEED=fresh.
NoiseBits TestBits(std::uint64_t seed);

double ChiSquareTail(double statistic, double degrees);  // P[χ² ≥ statistic]

// How often each number came.
using Counts = std::map<std::int64_t, double>;
Counts CountOf(std::span<const std::int64_t> values);

// p-values: the counts against N_Z(0, σ²), and two counts against each other. Cells expect 50 or more.
double LawPValue(const Counts& counts, double sigma);
double TwoSamplePValue(const Counts& a, const Counts& b);

struct Moments {
  double mean = 0, variance = 0, fourth = 0, skewness = 0;
};
Moments MomentsOf(std::span<const std::int64_t> values);
Moments TrueMoments(double sigma);  // of N_Z(0, σ²)

}  // namespace cairn
