#include "privacy/secagg/shared/derive.h"

#include <algorithm>

#include "privacy/crypto/hkdf.h"
#include "privacy/crypto/transcript.h"
#include "privacy/secagg/shared/merkle.h"
#include "privacy/secagg/shared/transcript.h"

namespace cairn::secagg {
namespace {

constexpr std::size_t kKeyBytes = 32;

std::uint32_t CountOf(std::size_t count) { return static_cast<std::uint32_t>(count); }

Transcript AdvertTranscript(const Sha256Digest& rc, std::uint32_t u, const Advert& advert) {
  Transcript transcript("adv");
  transcript.Hash(rc).U32(u).Field(advert.share_key.bytes).Field(advert.mask_key.bytes);
  transcript.Hash(advert.commitment);
  return transcript;
}

Transcript CohortTranscript(const Sha256Digest& rc, std::uint32_t n, const Sha256Digest& root,
                            const SiteSet& members) {
  Transcript transcript("cohort");
  transcript.Hash(rc).U32(n).Hash(root);
  if (members.universe() != 0) transcript.Hash(members.Hash());
  return transcript;
}

// Entries of fixed size one after the other, behind their number: "ciphertexts" (u32 holder, sealed) and
// "share-hashes" (u32 holder, both hashes).
Sha256Digest CiphertextsHash(std::span<const SealedShare> shares) {
  TranscriptWriter list;
  for (const SealedShare& share : shares) list.U32(share.peer).Fixed(share.sealed);
  return Transcript("ciphertexts").U32(CountOf(shares.size())).Field(list.bytes()).Digest();
}

Sha256Digest ShareHashesHash(std::span<const SealedShare> shares) {
  TranscriptWriter list;
  for (const SealedShare& share : shares) {
    list.U32(share.peer).Fixed(share.mask_key_hash.bytes).Fixed(share.self_mask_hash.bytes);
  }
  return Transcript("share-hashes").U32(CountOf(shares.size())).Field(list.bytes()).Digest();
}

// "revealed": u32 owner, u8 kind, share. Still secret to all but the aggregator, so no copy is left behind.
Sha256Digest RevealedHash(std::span<const RevealedShare> shares) {
  constexpr std::size_t kEntry = 4 + 1 + kShareBytes;
  SecretBytes list(shares.size() * kEntry);
  auto rest = list.Overwrite(RevealSecret{});
  for (const RevealedShare& share : shares) {
    const Bytes names = TranscriptWriter().U32(share.owner).U8(static_cast<std::uint8_t>(share.kind)).bytes();
    const auto after = std::copy(names.begin(), names.end(), rest.begin());
    std::copy(share.share.begin(), share.share.end(), after);
    rest = rest.subspan(kEntry);
  }
  return Transcript("revealed").U32(CountOf(shares.size())).DigestWithSecret(list.Reveal(RevealSecret{}));
}

SecretBytes KeyFrom(std::span<const std::byte> material, const Sha256Digest& cc, const Transcript& info) {
  return HkdfSha256(material, cc.bytes, info.bytes(), kKeyBytes);
}

}  // namespace

Sha256Digest SelfCommitment(const Sha256Digest& rc, std::uint32_t u, std::span<const std::byte, 32> b) {
  return Transcript("self-commit").Hash(rc).U32(u).DigestWithSecret(b);
}

Bytes AdvertBytes(const Sha256Digest& rc, std::uint32_t u, const Advert& advert) {
  return AdvertTranscript(rc, u, advert).bytes();
}

Sha256Digest AdvertHash(const Sha256Digest& rc, std::uint32_t u, const Advert& advert) {
  return AdvertTranscript(rc, u, advert).Digest();
}

Sha256Digest AdvertLeaf(std::uint32_t u, const Sha256Digest& advert_hash) {
  return MerkleLeaf(TranscriptWriter().U32(u).Fixed(advert_hash.bytes).bytes());
}

Bytes CohortBytes(const Sha256Digest& rc, std::uint32_t n, const Sha256Digest& root, const SiteSet& members) {
  return CohortTranscript(rc, n, root, members).bytes();
}

Sha256Digest CohortContext(const Sha256Digest& rc, std::uint32_t n, const Sha256Digest& root,
                           const SiteSet& members) {
  return CohortTranscript(rc, n, root, members).Digest();
}

AeadKey SealingKey(const SecretBytes& shared, const Sha256Digest& cc, const PairEnd& from,
                   const PairEnd& to) {
  Transcript info("enc");
  info.U32(from.member).U32(to.member).Field(from.key.bytes).Field(to.key.bytes);
  return AeadKey(KeyFrom(shared.Reveal(RevealSecret{}), cc, info));
}

Bytes SealedContext(const Sha256Digest& cc, std::uint32_t from, std::uint32_t to) {
  return Transcript("sealed").Hash(cc).U32(from).U32(to).bytes();
}

Sha256Digest ShareHash(const Sha256Digest& cc, std::uint32_t owner, std::uint32_t holder, ShareKind kind,
                       std::span<const std::byte, kShareBytes> share) {
  Transcript transcript("share-hash");
  transcript.Hash(cc).U32(owner).U32(holder).U32(static_cast<std::uint32_t>(kind));
  return transcript.DigestWithSecret(share);
}

Bytes SharesBytes(const Sha256Digest& cc, std::uint32_t u, std::span<const SealedShare> shares) {
  return Transcript("share")
      .Hash(cc)
      .U32(u)
      .Hash(CiphertextsHash(shares))
      .Hash(ShareHashesHash(shares))
      .bytes();
}

SecretBytes PairMaskKey(const SecretBytes& shared, const Sha256Digest& cc, const PairEnd& a,
                        const PairEnd& b) {
  const bool in_order = a.member < b.member;
  const PairEnd &low = in_order ? a : b, &high = in_order ? b : a;
  Transcript info("mask");
  info.U32(low.member).U32(high.member).Field(low.key.bytes).Field(high.key.bytes);
  return KeyFrom(shared.Reveal(RevealSecret{}), cc, info);
}

SecretBytes SelfMaskKey(std::span<const std::byte, 32> b, const Sha256Digest& cc, std::uint32_t u) {
  return KeyFrom(b, cc, Transcript("self").U32(u));
}

Bytes DeliveryBytes(const Sha256Digest& cc, const SiteSet& u2) {
  return Transcript("u2").Hash(cc).Hash(u2.Hash()).bytes();
}

Bytes MaskedBytes(const Sha256Digest& cc, std::uint32_t u, const SiteSet& u2, const MaskedInput& input) {
  return Transcript("masked").Hash(cc).U32(u).Hash(u2.Hash()).U64(input.bytes).Hash(input.object).bytes();
}

Bytes ComplaintBytes(const Sha256Digest& cc, const Complaint& complaint) {
  return Transcript("complaint")
      .Hash(cc)
      .U32(complaint.accused)
      .U32(static_cast<std::uint32_t>(complaint.kind))
      .Hash(complaint.evidence)
      .bytes();
}

Bytes SurvivorsBytes(const Sha256Digest& cc, const SiteSet& u2, const SiteSet& u3) {
  return Transcript("u3-named").Hash(cc).Hash(u2.Hash()).Hash(u3.Hash()).bytes();
}

Bytes AgreedBytes(const Sha256Digest& cc, std::uint32_t u, const SiteSet& u2, const SiteSet& u3) {
  return Transcript("u3").Hash(cc).U32(u).Hash(u2.Hash()).Hash(u3.Hash()).bytes();
}

Bytes UnmaskBytes(const Sha256Digest& cc, std::uint32_t u, const SiteSet& u3,
                  std::span<const RevealedShare> shares) {
  return Transcript("unmask").Hash(cc).U32(u).Hash(u3.Hash()).Hash(RevealedHash(shares)).bytes();
}

Bytes AbortBytes(const Sha256Digest& rc, std::string_view reason) {
  return Transcript("abort").Hash(rc).Text(reason).bytes();
}

Bytes CommitBytes(const Sha256Digest& rc, const SiteSet& u3, const Sha256Digest& model,
                  const Sha256Digest& dp_event) {
  return Transcript("commit").Hash(rc).Hash(u3.Hash()).Hash(model).Hash(dp_event).bytes();
}

}  // namespace cairn::secagg
