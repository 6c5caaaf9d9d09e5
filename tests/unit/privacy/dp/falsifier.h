#pragma once

#include <span>

namespace cairn {

// P[Bin(n, p) ≥ k]: the terms from k on.
double BinomialAtLeast(double k, double n, double p);

struct PrivacyPromise {
  double epsilon = 0, delta = 0;
};

// Whether releases with one person and without, as many of each, differ by more than the promise allows: in
// the event that a release exceeds 1.5 sensitivities, or one learnt on the first half and tried on the
// second, beyond the confidence limits of Clopper and Pearson at 5e-7 a side. An honest mechanism is accused
// with probability below 2e-6; nobody is ever acquitted.
bool IsFalsified(std::span<const double> with, std::span<const double> without, double sensitivity,
                 PrivacyPromise promise);

}  // namespace cairn
