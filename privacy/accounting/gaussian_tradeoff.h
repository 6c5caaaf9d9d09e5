#pragma once

#include "privacy/accounting/epsilon_delta.h"

namespace cairn {

// The exact privacy of Gaussian noise without sampling. μ is the sensitivity over σ; T equal releases have
// μ = √T/z, and unequal ones add their squares (Dong, Roth, Su 2022, arXiv 1905.02383). Pure functions.

// δ(ε) = Φ(μ/2 − ε/μ) − e^ε Φ(−μ/2 − ε/μ) (Balle, Wang 2018, arXiv 1805.06530). μ ≥ 0.
double GaussianDelta(double mu, double epsilon);
// The least ε ≥ 0 whose δ(ε) is at most δ, to 1e-12 and from above.
EpsilonDelta GaussianEpsilon(double mu, Delta delta);
// The best true-positive rate of any attack that tells neighbours apart at this false-positive rate.
double GaussianTruePositiveRate(double mu, double false_positive_rate);

}  // namespace cairn
