#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"

namespace cairn {

// The δ of an (ε, δ) promise: strictly between 0 and 1.
class Delta {
 public:
  static Result<Delta> Create(double value);  // kPrivacyParameter
  // For a domain of that many people; kPrivacyDelta at 1/population or above.
  static Result<Delta> ForPopulation(double value, std::uint64_t population);
  // The largest power of ten at or below 1/(10 · population); population from 1 to 2^53.
  static Result<Delta> DefaultFor(std::uint64_t population);

  double value() const { return value_; }
  friend bool operator==(Delta, Delta) = default;

 private:
  explicit Delta(double value) : value_(value) {}
  double value_;
};

// An (ε, δ) pair as an accountant states it: an upper bound on ε at that δ. ε is +∞ where nothing is
// promised. What a neighbour is, the PrivacyConvention of the account says (privacy_event.h).
struct EpsilonDelta {
  double epsilon;
  Delta delta;
  friend bool operator==(EpsilonDelta, EpsilonDelta) = default;
};

// A target or a cap: ε finite and positive. kPrivacyParameter.
Result<EpsilonDelta> MakeTarget(double epsilon, Delta delta);

std::string ToString(EpsilonDelta pair);  // "ε 2.36 at δ 1e-05", ε rounded up

}  // namespace cairn
