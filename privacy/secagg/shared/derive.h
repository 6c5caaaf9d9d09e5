#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "privacy/crypto/aead.h"
#include "privacy/crypto/agreement.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/crypto/sha256.h"
#include "privacy/crypto/text_codec.h"
#include "privacy/secagg/shared/messages.h"
#include "privacy/secagg/shared/site_set.h"

// Everything an attempt hashes, signs or derives a key from, in one place for both sides. The names of the
// labels are those of the secure aggregation page, "Labels". rc: RoundContext(terms). cc: CohortContext. u,
// v: member indices; what a message names by position is bound as it names it, since cc fixes who stands
// where. Functions that end in Bytes give what is signed. Pure functions.

namespace cairn::secagg {

// R0.
Sha256Digest SelfCommitment(const Sha256Digest& rc, std::uint32_t u,
                            std::span<const std::byte, 32> b);                     // com_u
Bytes AdvertBytes(const Sha256Digest& rc, std::uint32_t u, const Advert& advert);  // its signature left out
Sha256Digest AdvertHash(const Sha256Digest& rc, std::uint32_t u, const Advert& advert);  // a_u
Sha256Digest AdvertLeaf(std::uint32_t u, const Sha256Digest& advert_hash);  // of the Merkle tree of R1

// R1. `root` is that of the leaves in roster order. `members` is U1 over the roster where a site sees only
// some of the leaves (regular graph), and nothing where it sees them all: bound here, every site takes the
// same members for the same positions, and each checks those it sees.
Bytes CohortBytes(const Sha256Digest& rc, std::uint32_t n, const Sha256Digest& root,
                  const SiteSet& members = {});
Sha256Digest CohortContext(const Sha256Digest& rc, std::uint32_t n, const Sha256Digest& root,
                           const SiteSet& members = {});

// One end of a pair, with the key it advertised for the purpose at hand.
struct PairEnd {
  std::uint32_t member = 0;
  AgreementPublic key;
};
// Seals the shares that `from` sends `to`: shared = X25519(c_from, C_to).
AeadKey SealingKey(const SecretBytes& shared, const Sha256Digest& cc, const PairEnd& from, const PairEnd& to);
Bytes SealedContext(const Sha256Digest& cc, std::uint32_t from, std::uint32_t to);  // associated data
Sha256Digest ShareHash(const Sha256Digest& cc, std::uint32_t owner, std::uint32_t holder, ShareKind kind,
                       std::span<const std::byte, kShareBytes> share);
Bytes SharesBytes(const Sha256Digest& cc, std::uint32_t u, std::span<const SealedShare> shares);

// R2. Both ends of a pair derive one key, whichever comes first: shared = X25519(s_u, S_v).
SecretBytes PairMaskKey(const SecretBytes& shared, const Sha256Digest& cc, const PairEnd& a,
                        const PairEnd& b);
SecretBytes SelfMaskKey(std::span<const std::byte, 32> b, const Sha256Digest& cc, std::uint32_t u);
Bytes DeliveryBytes(const Sha256Digest& cc, const SiteSet& u2);
Bytes MaskedBytes(const Sha256Digest& cc, std::uint32_t u, const SiteSet& u2, const MaskedInput& input);
Bytes ComplaintBytes(const Sha256Digest& cc, const Complaint& complaint);

// R3.
Bytes SurvivorsBytes(const Sha256Digest& cc, const SiteSet& u2, const SiteSet& u3);
Bytes AgreedBytes(const Sha256Digest& cc, std::uint32_t u, const SiteSet& u2, const SiteSet& u3);

// R4 and after.
Bytes UnmaskBytes(const Sha256Digest& cc, std::uint32_t u, const SiteSet& u3,
                  std::span<const RevealedShare> shares);
Bytes AbortBytes(const Sha256Digest& rc, std::string_view reason);
Bytes CommitBytes(const Sha256Digest& rc, const SiteSet& u3, const Sha256Digest& model,
                  const Sha256Digest& dp_event);

}  // namespace cairn::secagg
