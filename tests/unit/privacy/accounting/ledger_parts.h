#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "privacy/accounting/privacy_ledger.h"
#include "tests/unit/privacy/accounting/accounts.h"
#include "tests/unit/privacy/crypto/scratch_folder.h"

namespace cairn {

inline EpsilonDelta Cap(double epsilon) { return MakeTarget(epsilon, Delta::Create(1e-5).value()).value(); }

inline std::map<std::string, DomainTerms> Domains(double epsilon) {
  return {{"patients", {.cap = Cap(epsilon), .convention = {}}}};
}

inline ChargeKey KeyOf(std::uint64_t round, std::uint32_t attempt = 1, std::string domain = "patients") {
  return {std::move(domain), Sha256::Of("manifest"), JobId{7}, RoundId{round}, attempt};
}
inline Charge ChargeOf(std::uint64_t round, std::uint32_t attempt = 1, std::string domain = "patients") {
  return {KeyOf(round, attempt, std::move(domain)), GaussianEvent(1, 4, 1)};
}

}  // namespace cairn
