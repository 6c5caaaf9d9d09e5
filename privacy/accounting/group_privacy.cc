#include "privacy/accounting/group_privacy.h"

#include <cmath>
#include <limits>

#include "core/base/check.h"

namespace cairn {

EpsilonDelta PersonEpsilonFromRows(const std::function<EpsilonDelta(Delta)>& for_row, std::uint32_t rows,
                                   Delta delta) {
  CAIRN_CHECK(rows > 0, "a person has at least one row");
  if (rows == 1) return for_row(delta);
  const double k = rows;
  const auto row_epsilon = [&](double log_delta) {
    return for_row(Delta::Create(std::exp(log_delta)).value()).epsilon;
  };
  // 1 + e^ε + … + e^((k−1)ε) row-level deltas add up along a path that changes one row at a time.
  const auto is_enough = [&](double log_delta) {
    const double epsilon = row_epsilon(log_delta);
    double log_sum = 0;
    for (double step = 1; step < k; ++step)
      log_sum = epsilon + log_sum + std::log1p(std::exp(-epsilon - log_sum));
    return log_sum + log_delta <= std::log(delta.value());
  };
  double high = std::log(delta.value()) - std::log(k), low = std::log(1e-300);
  if (!is_enough(low)) return {std::numeric_limits<double>::infinity(), delta};
  while (high - low > 1e-9) {
    const double middle = low + (high - low) / 2;
    (is_enough(middle) ? low : high) = middle;
  }
  return {k * row_epsilon(low), delta};
}

}  // namespace cairn
