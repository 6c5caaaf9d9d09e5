// Nothing noised leaves uncharged: the ways around a permit are type errors.

#include <utility>
#include <vector>

#include "privacy/accounting/privacy_ledger.h"
#include "privacy/dp/noised_sum.h"

namespace cairn {

Status Release(PrivacyLedger& ledger, const Charge& charge, NoiseBits& bits) {
  Result<ReleasePermit> permit = ledger.Charge(charge);
  if (!permit.ok()) return permit.status();
  const NoiseGrid grid{.step = 1, .sensitivity = 100};
#if CASE == 0
  return NoisedSum::Release(std::vector<std::int64_t>(3), grid, bits, *std::move(permit)).status();
#elif CASE == 1
  ReleasePermit copy(*permit);
  return NoisedSum::Release(std::vector<std::int64_t>(3), grid, bits, std::move(copy)).status();
#elif CASE == 2
  return NoisedSum::Release(std::vector<std::int64_t>(3), grid, bits, ReleasePermit(charge)).status();
#elif CASE == 3
  return NoisedSum::Release(std::vector<std::int64_t>(3), grid, bits).status();
#elif CASE == 4
  return NoisedSum::Release(std::vector<std::int64_t>(3), grid, bits, *permit).status();
#elif CASE == 5
  const NoisedSum sum(std::vector<std::int64_t>(3), *NoiseAdder::Create(grid, 1.0), false, charge);
  return sum.is_simulated() ? Status() : Status();
#elif CASE == 6
  ReleasePermit empty;
  return NoisedSum::Release(std::vector<std::int64_t>(3), grid, bits, std::move(empty)).status();
#endif
}

}  // namespace cairn
