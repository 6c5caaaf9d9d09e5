#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "core/base/result.h"
#include "privacy/secagg/shared/messages.h"
#include "privacy/secagg/shared/party.h"
#include "privacy/secagg/shared/terms.h"

namespace cairn::secagg {

// The sums a site has helped to open for one (job, model): a set that differs from a kept one by fewer than
// min_cohort members is refused, and so is a third distinct set.
class SumMemory {
 public:
  // kSecAggSums when answering would let part of a sum be isolated.
  Status Check(const std::vector<std::uint32_t>& members, std::uint32_t min_cohort) const;
  void Keep(std::vector<std::uint32_t> members);  // member indices, ascending
  const std::vector<std::vector<std::uint32_t>>& kept() const { return kept_; }

 private:
  std::vector<std::vector<std::uint32_t>> kept_;
};

// One site's side of one attempt. Sans IO: each call takes the message that came and gives the message to send;
// the caller makes Save() durable before it sends. After an error the attempt is over for this site: nothing more
// leaves. A message that came before is answered with the same bytes; any other one for a phase that is over is
// refused (kSecAggMessage). Not thread-safe; calls cost key agreements in proportion to the neighbours, so they
// belong on a lane.
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

  // Draws s_u, c_u, b_u. kSecAggTerms, kSecAggFloor, kSecAggWrap; kSecAggMember when `own` is not an active member.
  static Result<std::unique_ptr<Client>> Begin(Terms terms, const Floors& floors, std::shared_ptr<const Membership> membership,
                                               std::uint32_t own, std::unique_ptr<Primitives> primitives);
  // From what Save gave, for the same terms. kSecAggState for anything else.
  static Result<std::unique_ptr<Client>> Restore(std::span<const std::byte> saved, Terms terms, const Floors& floors,
                                                 std::shared_ptr<const Membership> membership, std::uint32_t own,
                                                 std::unique_ptr<Primitives> primitives);
  virtual ~Client() = default;

  virtual const Advert& advert() const = 0;
  virtual Result<SharesMessage> OnCohort(const CohortMessage& message) = 0;
  // OK; or the complaint to send before leaving.
  virtual Result<std::optional<Complaint>> OnDelivery(const DeliveryMessage& message) = 0;
  // words: terms.words() quantised words, masked in place. Once (kSecAggState).
  virtual Status Mask(std::span<std::uint32_t> words) = 0;
  virtual Status Mask(std::span<std::uint64_t> words) = 0;
  virtual Result<MaskedInput> Masked(const Sha256Digest& object, std::uint64_t bytes) = 0;
  virtual Result<AgreementMessage> OnSurvivors(const SurvivorsMessage& message, const SumMemory& memory) = 0;
  virtual Result<UnmaskMessage> OnUnmask(const UnmaskRequest& request) = 0;

  virtual Phase phase() const = 0;
  virtual const Terms& terms() const = 0;
  virtual std::vector<std::uint32_t> survivors() const = 0;  // member indices of U3 once decided
  // Holds secrets until kAnswered; a fixed grammar over the transcript writer.
  virtual SecretBytes Save() const = 0;
};

}  // namespace cairn::secagg
