#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "privacy/crypto/agreement.h"
#include "privacy/crypto/keys.h"
#include "privacy/crypto/sha256.h"
#include "privacy/secagg/shared/site_set.h"

// What the two sides of an attempt tell each other, after R0's plan. Plain data; protocol/messages makes
// bytes of it. Lengths are fixed by the types, counts are checked by the codec against kMaxMembers and by the
// receiving state against the graph. Vectors are in ascending order of position.

namespace cairn::secagg {

inline constexpr std::size_t kShareBytes = 32;
inline constexpr std::size_t kSealedShareBytes =
    12 + 73 + 16;  // nonce ‖ u32 u, u32 v, u8 x, two shares ‖ tag

struct Advert {               // R0, site → aggregator
  AgreementPublic share_key;  // C_u
  AgreementPublic mask_key;   // S_u
  Sha256Digest commitment;    // com_u
  Signature signature;        // over `adv`
  friend bool operator==(const Advert&, const Advert&) = default;
};

struct PlacedAdvert {
  Position position = 0;
  std::uint32_t member = 0;  // index in the roster the terms name
  Advert advert;
  friend bool operator==(const PlacedAdvert&, const PlacedAdvert&) = default;
};

struct CohortMessage {  // R1, aggregator → site
  std::uint32_t n = 0;  // |U1|
  SiteSet members;      // regular: U1 as a bitmap over the roster; complete: empty, the adverts say it
  std::vector<PlacedAdvert> adverts;  // complete: all; regular: the site itself and its neighbours
  std::vector<Sha256Digest> proof;    // regular: Merkle multi-proof of these; complete: empty
  Signature signature;                // over `cohort`
  friend bool operator==(const CohortMessage&, const CohortMessage&) = default;
};

struct SealedShare {
  Position peer = 0;  // the holder when sent, the owner when delivered
  std::array<std::byte, kSealedShareBytes> sealed{};
  Sha256Digest mask_key_hash, self_mask_hash;  // `share-hash` of both shares
  friend bool operator==(const SealedShare&, const SealedShare&) = default;
};

struct SharesMessage {              // R1, site → aggregator
  std::vector<SealedShare> shares;  // one a holder
  Signature signature;              // over `share`
  friend bool operator==(const SharesMessage&, const SharesMessage&) = default;
};

struct DeliveryMessage {  // R2, aggregator → site
  SiteSet u2;
  std::vector<SealedShare> shares;  // from each owner in U2 whose shares this site holds
  Signature signature;              // over `u2`
  friend bool operator==(const DeliveryMessage&, const DeliveryMessage&) = default;
};

struct MaskedInput {  // R2, site → aggregator, once the vector itself has arrived whole
  std::uint64_t bytes = 0;
  Sha256Digest object;
  Signature signature;  // over `masked`
  friend bool operator==(const MaskedInput&, const MaskedInput&) = default;
};

struct SurvivorsMessage {  // R3, aggregator → site
  SiteSet u3;
  Signature signature;  // over `u3-named`
  friend bool operator==(const SurvivorsMessage&, const SurvivorsMessage&) = default;
};

struct AgreementMessage {  // R3, site → aggregator
  Signature signature;     // over `u3`
  friend bool operator==(const AgreementMessage&, const AgreementMessage&) = default;
};

struct PlacedSignature {
  Position position = 0;
  Signature signature;
  friend bool operator==(const PlacedSignature&, const PlacedSignature&) = default;
};

struct UnmaskRequest {                  // R4, aggregator → site
  std::vector<PlacedSignature> agreed;  // over `u3`, at least t of those the site counts
  friend bool operator==(const UnmaskRequest&, const UnmaskRequest&) = default;
};

enum class ShareKind : std::uint8_t { kMaskKey = 1, kSelfMask = 2 };  // s_v of a lost site, b_v of a survivor

struct RevealedShare {  // one entry an owner: both kinds of one cannot be written down
  Position owner = 0;
  ShareKind kind = ShareKind::kSelfMask;
  std::array<std::byte, kShareBytes> share{};
  friend bool operator==(const RevealedShare&, const RevealedShare&) = default;
};

struct UnmaskMessage {  // R4, site → aggregator
  std::vector<RevealedShare> shares;
  Signature signature;  // over `unmask`
  friend bool operator==(const UnmaskMessage&, const UnmaskMessage&) = default;
};

enum class ComplaintKind : std::uint8_t { kDoesNotOpen = 1, kWrongNames = 2, kWrongHash = 3 };
struct Complaint {  // R2, site → aggregator; the site then leaves the attempt
  Position accused = 0;
  ComplaintKind kind = ComplaintKind::kDoesNotOpen;
  Sha256Digest evidence;
  Signature signature;
  friend bool operator==(const Complaint&, const Complaint&) = default;
};

using ToServer = std::variant<Advert, SharesMessage, MaskedInput, AgreementMessage, UnmaskMessage, Complaint>;
using ToClient = std::variant<CohortMessage, DeliveryMessage, SurvivorsMessage, UnmaskRequest>;

}  // namespace cairn::secagg
