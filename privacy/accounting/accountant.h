#pragma once

#include <memory>
#include <string_view>

#include "core/base/result.h"
#include "privacy/accounting/epsilon_delta.h"
#include "privacy/accounting/privacy_event.h"

namespace cairn {

// Adds up releases and says what they promise together.
//
//   auto account = NewAccountant(AccountantKind::kRdp, event.convention());
//   CAIRN_RETURN_IF_ERROR(account->Compose(event));
//   const EpsilonDelta spent = account->EpsilonFor(delta);
//
// An account has one convention; an event of another is refused (kPrivacyConvention). Not thread-safe.
class PrivacyAccountant {
 public:
  virtual ~PrivacyAccountant() = default;
  virtual std::string_view name() const = 0;
  virtual const PrivacyConvention& convention() const = 0;
  virtual Status Compose(const PrivacyEvent& event) = 0;
  // An upper bound. 0 before the first event, +∞ after an undefended one.
  virtual EpsilonDelta EpsilonFor(Delta delta) const = 0;
  virtual std::unique_ptr<PrivacyAccountant> Clone() const = 0;
};

enum class AccountantKind : std::uint8_t {
  kRdp = 1,  // closed form, milliseconds: what budgets are enforced with
  kPld = 2,  // tighter by a tenth or two, up to seconds: for plans and reports
};

std::unique_ptr<PrivacyAccountant> NewAccountant(AccountantKind kind, PrivacyConvention convention);

// The Rényi bound (rdp.h) over DefaultRdpOrders().
std::unique_ptr<PrivacyAccountant> NewRdpAccountant(PrivacyConvention convention);
// The privacy loss distribution (loss_distribution.h): exact for Gaussian noise without sampling, otherwise
// an upper bound within 2e-4. Where δ is so small that the rounding of its transform would show, or a step so
// noisy that the grid is too coarse, the Rényi bound is smaller and is what it gives. Cannot price
// distributed noise (kPrivacySampling).
std::unique_ptr<PrivacyAccountant> NewPldAccountant(PrivacyConvention convention);

}  // namespace cairn
