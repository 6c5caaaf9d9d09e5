#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "privacy/secagg/server/evidence.h"
#include "privacy/secagg/server/unmask_work.h"
#include "privacy/secagg/shared/advert_rules.h"
#include "privacy/secagg/shared/messages.h"
#include "privacy/secagg/shared/party.h"
#include "privacy/secagg/shared/terms.h"

namespace cairn::secagg {

// The aggregator's side of one attempt. Sans IO and deterministic: equal calls give equal messages, so a
// restarted aggregator replays the calls it recorded. A member's message is taken (OK), or refused with why:
// a refusal changes nothing but blames(). A repeated equal message is OK and changes nothing. When to close a
// phase is the caller's decision, can_close says when the floors allow it; Close… below a floor is
// kSecAggFloor and ends the attempt. A call that belongs to another phase is kSecAggMessage, or kSecAggState
// for a Close…. Not thread-safe.
//
//   R0 OnAdvert…   CloseAdverts()   → U1, CohortFor(p)
//   R1 OnShares…   CloseShares()    → U2, DeliveryFor(p)
//   R2 OnMasked…   CloseInputs()    → U3, survivors()        (the caller adds the vectors up, in any order)
//   R3 OnAgreed…   CloseAgreement() → unmask_request()
//   R4 OnUnmask…   CloseUnmasking() → UnmaskWork
class Server {
 public:
  enum class Phase : std::uint8_t { kAdverts, kShares, kInputs, kAgreement, kUnmasking, kDone, kFailed };

  // kSecAggTerms, kSecAggFloor, kSecAggWrap. `seen` holds the keys of the job's earlier attempts; null when
  // there were none. It is borrowed for as long as the server lives.
  static Result<std::unique_ptr<Server>> Begin(Terms terms, const Floors& floors,
                                               std::shared_ptr<const Membership> membership,
                                               std::unique_ptr<Primitives> primitives,
                                               const SeenKeys* seen = nullptr);
  static Result<std::unique_ptr<Server>> Begin(Terms terms, std::uint32_t min_cohort,
                                               std::shared_ptr<const Membership> membership,
                                               std::unique_ptr<Primitives> primitives,
                                               const SeenKeys* seen = nullptr) {
    Floors floors;
    floors.min_cohort = min_cohort;
    return Begin(std::move(terms), floors, std::move(membership), std::move(primitives), seen);
  }
  virtual ~Server() = default;

  virtual Phase phase() const = 0;
  virtual const Terms& terms() const = 0;
  virtual bool can_close() const = 0;  // the current phase's floors are met

  virtual Status OnAdvert(std::uint32_t member, const Advert& advert) = 0;
  virtual Status CloseAdverts() = 0;
  virtual Status OnShares(std::uint32_t member, const SharesMessage& message) = 0;
  virtual Status OnComplaint(std::uint32_t member, const Complaint& complaint) = 0;
  virtual Status CloseShares() = 0;
  virtual Status OnMasked(std::uint32_t member, const MaskedInput& input) = 0;
  virtual Status CloseInputs() = 0;
  virtual Status OnAgreed(std::uint32_t member, const AgreementMessage& message) = 0;
  virtual Status CloseAgreement() = 0;
  virtual Status OnUnmask(std::uint32_t member, const UnmaskMessage& message) = 0;
  // Enough shares of every secret are here. Also before every survivor has answered.
  virtual bool can_unmask() const = 0;
  // Checks every secret and derives what is left in the sum, on lanes; kSecAggShare blames a dealer and ends
  // the attempt.
  virtual Result<UnmaskWork> CloseUnmasking(const ParallelFor& lanes) = 0;
  Result<UnmaskWork> CloseUnmasking() { return CloseUnmasking(OneAfterTheOther); }

  // For members of the set the phase talks to, once the phase before is closed; nothing for others: U1, U2,
  // U3, and the members of U3 that agreed.
  virtual std::optional<CohortMessage> CohortFor(std::uint32_t member) const = 0;
  virtual std::optional<DeliveryMessage> DeliveryFor(std::uint32_t member) const = 0;
  virtual std::optional<SurvivorsMessage> SurvivorsFor(std::uint32_t member) const = 0;
  virtual std::optional<UnmaskRequest> UnmaskRequestFor(std::uint32_t member) const = 0;

  // Member indices, ascending.
  virtual std::vector<std::uint32_t> u1() const = 0;
  virtual std::vector<std::uint32_t> u2() const = 0;
  virtual std::vector<std::uint32_t> u3() const = 0;
  virtual std::vector<std::uint32_t> waiting_for() const = 0;  // whose message the current phase still lacks
  virtual const std::vector<Blame>& blames() const = 0;
};

}  // namespace cairn::secagg
