#pragma once

#include <cstdint>
#include <set>

#include "core/base/result.h"
#include "privacy/crypto/agreement.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// True for the encodings of points whose order divides 8, in every form that X25519 reads as one: an
// agreement with them is zero for any secret (RFC 7748 section 6.1).
bool IsLowOrder(const AgreementPublic& key);

// The public keys a party saw in earlier attempts of a job. A key that comes again would let one recovery of
// s_v open two rounds (arXiv 2410.09676), so both sides refuse it. Plain data; the caller keeps it between
// attempts.
class SeenKeys {
 public:
  void Add(const Advert& advert);
  void Add(const AgreementPublic& key) { keys_.insert(key); }
  bool HasAnyOf(const Advert& advert) const;
  std::size_t size() const { return keys_.size(); }

 private:
  std::set<AgreementPublic> keys_;
};

// What either side demands of one advert: an active member of the pinned roster (kSecAggMember), that
// member's signature (kSecAggMember), two different keys that are not of low order and not of an earlier
// attempt (kSecAggKey). `seen` may be null.
Status CheckAdvert(const Attempt& attempt, std::uint32_t member, const Advert& advert, const SeenKeys* seen);

// Collects the keys of one cohort; kSecAggKey for a key that is there already.
class DistinctKeys {
 public:
  Status Check(std::uint32_t member, const Advert& advert) const;
  void Add(const Advert& advert);

 private:
  std::set<AgreementPublic> keys_;
};

}  // namespace cairn::secagg
