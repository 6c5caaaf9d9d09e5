#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "privacy/accounting/epsilon_delta.h"
#include "privacy/accounting/sampled_gaussian.h"

namespace cairn {

// The privacy loss of one direction as masses on a grid: mass[i] lies at (first + i)·step, infinite_mass at
// +∞. Every step from the truth to here only moves mass upwards in a way that raises δ(ε), so what is read
// off is an upper bound. A value.
struct LossDistribution {
  double step = 0;
  std::int64_t first = 0;
  std::vector<double> mass;
  double infinite_mass = 0;
};

// Each cell's mass is split between its two ends so that its mass under both distributions is kept ("connect
// the dots": Doroshenko et al. 2022, arXiv 2207.04380): of P and Q in (l, l + h], (P − Q·e^l)/(1 − e^−h) goes
// up.
LossDistribution Discretize(const SampledGaussian& pair, double step);

struct LossTerm {
  const LossDistribution* loss = nullptr;
  std::uint64_t times = 1;
};
// The sum of independent losses, as powers and products of spectra (Koskela, Jälkö, Honkela 2020,
// arXiv 2006.07134) on a window outside which a Chernoff bound leaves at most 1e-17 a side; that mass is
// added at +∞, and with it 1e-13 + 2.5e-16·T for the rounding of T-fold powers. All terms have one step.
// Nothing, when the window would need more than max_cells.
std::optional<LossDistribution> Compose(std::span<const LossTerm> terms, std::size_t max_cells);

double DeltaAt(const LossDistribution& loss, double epsilon);
// The least ε ≥ 0 with δ(ε) ≤ δ; +∞ where the mass at infinity alone is more.
EpsilonDelta EpsilonAt(const LossDistribution& loss, Delta delta);

}  // namespace cairn
