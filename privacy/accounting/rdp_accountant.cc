#include <optional>
#include <vector>

#include "privacy/accounting/accountant.h"
#include "privacy/accounting/rdp.h"

namespace cairn {
namespace {

class RdpAccountant final : public PrivacyAccountant {
 public:
  explicit RdpAccountant(PrivacyConvention convention)
      : convention_(convention), rdp_(DefaultRdpOrders().size(), 0.0) {}

  std::string_view name() const override { return "rdp"; }
  const PrivacyConvention& convention() const override { return convention_; }

  Status Compose(const PrivacyEvent& event) override {
    if (event.convention() != convention_) {
      return Status(errors::kPrivacyConvention, "the account is " + ToString(convention_) +
                                                    ", the release is " + ToString(event.convention()));
    }
    if (last_event_ != event) {
      last_rdp_ = RdpOf(event, DefaultRdpOrders());
      last_event_ = event;
    }
    for (std::size_t i = 0; i < rdp_.size(); ++i) rdp_[i] += last_rdp_[i];
    return {};
  }

  EpsilonDelta EpsilonFor(Delta delta) const override {
    return EpsilonOfRdp(DefaultRdpOrders(), rdp_, delta).bound;
  }
  std::unique_ptr<PrivacyAccountant> Clone() const override { return std::make_unique<RdpAccountant>(*this); }

 private:
  PrivacyConvention convention_;
  std::vector<double> rdp_;
  // The rounds of a job are equal events, and pricing one costs a millisecond or two.
  std::optional<PrivacyEvent> last_event_;
  std::vector<double> last_rdp_;
};

}  // namespace

std::unique_ptr<PrivacyAccountant> NewRdpAccountant(PrivacyConvention convention) {
  return std::make_unique<RdpAccountant>(convention);
}

std::unique_ptr<PrivacyAccountant> NewAccountant(AccountantKind kind, PrivacyConvention convention) {
  return kind == AccountantKind::kPld ? NewPldAccountant(convention) : NewRdpAccountant(convention);
}

}  // namespace cairn
