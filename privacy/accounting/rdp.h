#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "privacy/accounting/epsilon_delta.h"
#include "privacy/accounting/privacy_event.h"

namespace cairn {

// Rényi differential privacy (Mironov 2017, arXiv 1702.07476): ε as a function of an order α > 1, which adds
// up under composition. Pure functions.

// 1.01 … 1.09, 1.1 … 10.9 by .1, 11 … 63, then wider up to 1024. A number from another list is another
// number.
std::span<const double> DefaultRdpOrders();

// RDP(α) of the Poisson-sampled Gaussian under add-or-remove (Mironov, Talwar, Zhang 2019, arXiv 1908.10530,
// §3.3): exact for whole and fractional orders up to rounding, which is upwards. 0 < q ≤ 1, σ > 0, α > 1.
double SampledGaussianRdp(double q, double sigma, double order);

// RDP of the whole event at each order; +∞ throughout for an undefended release.
std::vector<double> RdpOf(const PrivacyEvent& event, std::span<const double> orders);

struct RdpBound {
  EpsilonDelta bound;
  double order;  // where the minimum lies
};
// ε = min over α of r + ln(1 − 1/α) − ln(δα)/(α − 1), and 0 where δ² + e^−r − 1 > 0
// (Canonne, Kamath, Steinke 2020, arXiv 2004.00010, Proposition 12).
RdpBound EpsilonOfRdp(std::span<const double> orders, std::span<const double> rdp, Delta delta);

}  // namespace cairn
