#pragma once

namespace cairn {

// The two distributions that dominate a Poisson-sampled Gaussian step under add-or-remove (Zhu, Dong, Wang
// 2022, arXiv 2106.08567): with the person M = (1−q)·N(0, σ²) + q·N(1, σ²), without O = N(0, σ²). Removing
// compares M to O, adding O to M; a promise needs both. The privacy loss at x is ±ln(dM/dO)(x). Pure; 0 < q
// ≤ 1.
enum class Direction { kRemove, kAdd };

class SampledGaussian {
 public:
  SampledGaussian(double q, double sigma, Direction direction)
      : q_(q), sigma_(sigma), direction_(direction) {}

  // What lies at losses above `loss`, under the first distribution and under the second.
  struct Masses {
    double first = 0, second = 0;
  };
  Masses Above(double loss) const;
  // A loss, and the tails beyond it: taken once where two neighbouring intervals share an end.
  struct Edge {
    double with = 0, without = 0;  // the smaller tail of M and of O
    bool with_is_upper = false, without_is_upper = false;
  };
  Edge EdgeAt(double loss) const;
  // At losses between two edges, without the cancellation of a difference of large tails.
  Masses Between(const Edge& low, const Edge& high) const;
  // δ(ε) of this direction alone.
  double DeltaAt(double epsilon) const;

  // Losses outside have probability below 2^−76 under the first distribution.
  double lowest() const;
  double highest() const;

  struct Moments {
    double mean = 0, variance = 0;
  };
  Moments LossMoments() const;  // under the first distribution, to about 1e-6

  Direction direction() const { return direction_; }

 private:
  double LogRatio(double x) const;     // ln(dM/dO)
  double PointOf(double ratio) const;  // its inverse; −∞ at or below ln(1−q)

  double q_, sigma_;
  Direction direction_;
};

}  // namespace cairn
