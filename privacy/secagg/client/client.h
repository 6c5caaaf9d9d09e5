#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "core/base/result.h"
#include "privacy/secagg/client/sum_memory.h"
#include "privacy/secagg/shared/advert_rules.h"
#include "privacy/secagg/shared/contradiction.h"
#include "privacy/secagg/shared/messages.h"
#include "privacy/secagg/shared/party.h"
#include "privacy/secagg/shared/terms.h"

namespace cairn::secagg {

// One site's side of one attempt. Sans IO: each call takes the message that came and gives the message to
// send; the caller makes Save() durable before it sends.
//
// An error about the message of the current phase ends the attempt for this site: secrets are wiped and
// nothing more leaves. So does a second set or cohort that the aggregator signed for this attempt, at any
// time until then (kSecAggContradiction): contradiction() is the proof, for whoever calls to keep, since
// Save() does not hold it. Anything else that does not belong here is refused (kSecAggMessage) and changes
// nothing: a message of a phase that is over or not yet reached, of another attempt or cohort. A message that
// came before is answered with the same bytes; after R4 only a repeated UnmaskRequest is.
//
// Not thread-safe; calls cost key agreements in proportion to the neighbours, so they belong on a lane.
//
//   auto client = Client::Begin(terms, floors, membership, own, std::move(primitives));   → advert()
//   client->OnCohort(message)       → SharesMessage          R1
//   client->OnDelivery(message)     → nothing to send, or a Complaint     R2
//   client->Mask(words)             → adds all masks, once
//   client->Masked(hash, bytes)     → MaskedInput
//   client->OnSurvivors(message, memory)  → AgreementMessage R3
//   client->OnUnmask(request)       → UnmaskMessage          R4
class Client {
 public:
  enum class Phase : std::uint8_t { kAdvertised, kShared, kDelivered, kMasked, kDecided, kAnswered, kFailed };

  // Draws s_u, c_u, b_u. kSecAggTerms, kSecAggFloor, kSecAggWrap; kSecAggMember when `own` is not an active
  // member or the roster has another key for it. `seen` holds the keys of earlier attempts; null when there
  // were none. It is borrowed for as long as the client lives.
  static Result<std::unique_ptr<Client>> Begin(Terms terms, const Floors& floors,
                                               std::shared_ptr<const Membership> membership,
                                               std::uint32_t own, std::unique_ptr<Primitives> primitives,
                                               const SeenKeys* seen = nullptr);
  // From what Save gave, for the same terms. kSecAggState for anything else.
  static Result<std::unique_ptr<Client>> Restore(std::span<const std::byte> saved, Terms terms,
                                                 const Floors& floors,
                                                 std::shared_ptr<const Membership> membership,
                                                 std::uint32_t own, std::unique_ptr<Primitives> primitives,
                                                 const SeenKeys* seen = nullptr);
  virtual ~Client() = default;

  virtual const Advert& advert() const = 0;
  virtual Result<SharesMessage> OnCohort(const CohortMessage& message) = 0;
  // OK; or the complaint to send before leaving.
  virtual Result<std::optional<Complaint>> OnDelivery(const DeliveryMessage& message) = 0;
  // words: terms.words() quantised words, masked in place. Once (kSecAggState).
  virtual Status Mask(std::span<std::uint32_t> words) = 0;
  virtual Status Mask(std::span<std::uint64_t> words) = 0;
  // Names the masked vector, which lies in the spool by now. Nothing of it leaves before the state that Save
  // gives after this call is on disk: until then a crash may mask again. Wipes s_u, c_u and b_u.
  virtual Result<MaskedInput> Masked(const Sha256Digest& object, std::uint64_t bytes) = 0;
  virtual Result<AgreementMessage> OnSurvivors(const SurvivorsMessage& message, const SumMemory& memory) = 0;
  // Wipes all shares but those of the answer. Keep survivors() in the SumMemory before the answer is sent.
  virtual Result<UnmaskMessage> OnUnmask(const UnmaskRequest& request) = 0;

  virtual Phase phase() const = 0;
  // Set by the call that returned kSecAggContradiction, else null.
  virtual std::shared_ptr<const Contradiction> contradiction() const = 0;
  virtual const Terms& terms() const = 0;
  virtual std::vector<std::uint32_t> survivors() const = 0;  // member indices of U3 once decided
  // Holds secrets until kAnswered; a fixed grammar over the transcript writer.
  virtual SecretBytes Save() const = 0;
};

}  // namespace cairn::secagg
