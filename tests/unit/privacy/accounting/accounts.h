#pragma once

#include <cstdint>
#include <vector>

#include "privacy/accounting/accountant.h"
#include "privacy/accounting/privacy_event.h"

// Short ways to say the releases that tests price.

namespace cairn {

inline PrivacyEvent::Terms GaussianTerms(double q, double z, std::uint64_t steps) {
  const SamplingLaw law = q < 1 ? SamplingLaw::kPoisson : SamplingLaw::kEveryone;
  return {.mechanism = GaussianNoise{z, law, q}, .convention = {}, .steps = steps};
}
inline PrivacyEvent GaussianEvent(double q, double z, std::uint64_t steps) {
  return PrivacyEvent::Create(GaussianTerms(q, z, steps)).value();
}

inline double EpsilonOf(AccountantKind kind, const std::vector<PrivacyEvent>& events, double delta) {
  const auto account = NewAccountant(kind, events.front().convention());
  for (const PrivacyEvent& event : events) {
    const Status status = account->Compose(event);
    if (!status.ok()) return -1;  // below every expectation
  }
  return account->EpsilonFor(Delta::Create(delta).value()).epsilon;
}
inline double RdpEpsilon(double q, double z, std::uint64_t steps, double delta) {
  return EpsilonOf(AccountantKind::kRdp, {GaussianEvent(q, z, steps)}, delta);
}
inline double PldEpsilon(double q, double z, std::uint64_t steps, double delta) {
  return EpsilonOf(AccountantKind::kPld, {GaussianEvent(q, z, steps)}, delta);
}

}  // namespace cairn
