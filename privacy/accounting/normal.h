#pragma once

namespace cairn {

// The normal distribution where the usual formulas run out of digits. Φ is its distribution function. Pure.

double LogErfc(double x);    // finite for every finite x
double NormalCdf(double x);  // Φ
double LogNormalCdf(double x);
double NormalQuantile(double p);  // Φ⁻¹ for 0 < p < 1, to 1e-15 relative in p

}  // namespace cairn
