#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/secagg/client/advertise.h"
#include "privacy/secagg/client/share.h"
#include "privacy/secagg/client/state_writer.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// R2 at a site, first half: who shared, and the shares this site holds for them, opened and checked.
class Received {
 public:
  // Checks U2 against U1, the floors and t (kSecAggFloor, kSecAggMessage), the aggregator's signature
  // (kSecAggMember), and that the shares are those of the circle in U2 (kSecAggMessage). A share that does
  // not open, names others or differs from its hash gives a complaint about its dealer; one of our own gives
  // kSecAggSealed, since only its bearer can have changed it.
  static Result<std::variant<Received, Complaint>> Open(const Attempt& attempt, std::uint32_t own,
                                                        const Advertised& advertised, Shared& shared,
                                                        const DeliveryMessage& delivery);
  static Result<Received> Read(TranscriptReader& in);
  void Write(StateWriter& out) const;

  const SiteSet& u2() const { return u2_; }
  const std::vector<Position>& owners() const { return owners_; }  // whose shares are held; ascending
  // One share, picked by what is to be revealed. The i-th owner's.
  std::span<const std::byte, kShareBytes> share(std::size_t i, ShareKind kind) const;
  void Wipe() { shares_ = SecretBytes(); }

  bool Answers(const DeliveryMessage& delivery) const;

 private:
  Received() = default;
  SiteSet u2_;
  Sha256Digest delivery_digest_;
  std::vector<Position> owners_;
  SecretBytes shares_;  // of s and of b, an owner after the other
};

}  // namespace cairn::secagg
