#pragma once

#include "aggregator/engine/masked_round.h"
#include "aggregator/server/enrolment_desk.h"

namespace cairn {

// The maskings of a real federation: members as the root-signed roster has them, signatures with the
// aggregator's own key, which that roster names. Calls come from the control thread. The desk outlives it.
class RosterMasking final : public MaskingAuthority {
 public:
  explicit RosterMasking(const EnrolmentDesk& desk) : desk_(desk) {}

  // kSecAggMember before the first approval, and for a roster that does not name this aggregator with its
  // key.
  Result<MaskingParts> Current() override;
  Result<MaskingParts> From(const std::string& roster) override;
  std::unique_ptr<secagg::Primitives> NewPrimitives(const RoundKey& key) override;

 private:
  const EnrolmentDesk& desk_;
};

}  // namespace cairn
