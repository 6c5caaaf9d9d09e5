#include "privacy/accounting/epsilon_delta.h"

#include <cmath>
#include <cstdio>

namespace cairn {
namespace {

std::string Short(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

}  // namespace

Result<Delta> Delta::Create(double value) {
  if (value > 0 && value < 1) return Delta(value);  // false for what is not a number
  return Status(errors::kPrivacyParameter, "delta is " + Short(value) + ", expected between 0 and 1");
}

Result<Delta> Delta::ForPopulation(double value, std::uint64_t population) {
  CAIRN_ASSIGN_OR_RETURN(const Delta delta, Create(value));
  if (population == 0) return Status(errors::kPrivacyParameter, "the population is 0, expected at least 1");
  if (value * static_cast<double>(population) >= 1) {
    return Status(errors::kPrivacyDelta, "delta is " + Short(value) + " with " + std::to_string(population) +
                                             " people, expected below " +
                                             Short(1 / static_cast<double>(population)));
  }
  return delta;
}

Result<Delta> Delta::DefaultFor(std::uint64_t population) {
  if (population == 0 || population > std::uint64_t{1} << 53) {
    return Status(errors::kPrivacyParameter,
                  "the population is " + std::to_string(population) + ", expected from 1 to 2^53");
  }
  int digits = 1;
  for (std::uint64_t reach = 1; reach < population; reach *= 10) ++digits;
  return Delta(std::strtod(("1e-" + std::to_string(digits)).c_str(), nullptr));
}

Result<EpsilonDelta> MakeTarget(double epsilon, Delta delta) {
  if (epsilon > 0 && std::isfinite(epsilon)) return EpsilonDelta{epsilon, delta};
  return Status(errors::kPrivacyParameter, "epsilon is " + Short(epsilon) + ", expected positive and finite");
}

std::string ToString(EpsilonDelta pair) {
  char text[64];
  std::snprintf(text, sizeof text, "ε %.2f at δ %g", std::ceil(pair.epsilon * 100) / 100, pair.delta.value());
  return text;
}

}  // namespace cairn
