#include "privacy/secagg/client/receive.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "privacy/secagg/client/sealed_share.h"
#include "privacy/secagg/shared/derive.h"
#include "privacy/secagg/shared/share_evidence.h"

namespace cairn::secagg {
namespace {

Status CheckSet(const Attempt& attempt, const Neighbourhood& around, const SiteSet& u2) {
  if (u2.universe() != around.n) {
    return Status(errors::kSecAggMessage, "the sites that shared are a set over " +
                                              std::to_string(u2.universe()) + ", the cohort has " +
                                              std::to_string(around.n));
  }
  if (!u2.Has(around.own)) return Status(errors::kSecAggMessage, "the sites that shared leave this one out");
  const std::uint32_t smallest = SmallestSurvivors(around.n, attempt.floors);
  if (u2.size() < smallest) {
    return Status(errors::kSecAggFloor,
                  std::to_string(u2.size()) + " sites shared, a sum needs " + std::to_string(smallest));
  }
  if (around.InCircle(u2) < around.threshold) {
    return Status(errors::kSecAggFloor, std::to_string(around.InCircle(u2)) +
                                            " holders of this site's shares shared, " +
                                            std::to_string(around.threshold) + " are needed");
  }
  return Status::Ok();
}

Sha256Digest DigestOf(const DeliveryMessage& delivery) {
  Sha256 hash;
  hash.Update(delivery.u2.Hash().bytes);
  for (const SealedShare& share : delivery.shares) {
    const std::uint32_t peer = share.peer;
    hash.Update(std::as_bytes(std::span(&peer, 1))).Update(EvidenceOf(share).bytes);
  }
  hash.Update(delivery.signature.bytes);
  return std::move(hash).Finish();
}

// What is wrong with a share, if anything.
std::optional<ComplaintKind> FindFault(const Sha256Digest& cc, const ShareNames& expected,
                                       const SealedShare& share, const std::optional<OpenedShare>& opened) {
  if (!opened) return ComplaintKind::kDoesNotOpen;
  if (opened->names != expected) return ComplaintKind::kWrongNames;
  const auto hash = [&](ShareKind kind) {
    return ShareHash(cc, expected.dealer, expected.holder, kind, opened->of(kind));
  };
  if (hash(ShareKind::kMaskKey) != share.mask_key_hash ||
      hash(ShareKind::kSelfMask) != share.self_mask_hash) {
    return ComplaintKind::kWrongHash;
  }
  return std::nullopt;
}

Complaint ComplainAbout(const Attempt& attempt, const Sha256Digest& cc, const SealedShare& share,
                        ComplaintKind kind) {
  Complaint complaint;
  complaint.accused = share.peer;
  complaint.kind = kind;
  complaint.evidence = EvidenceOf(share);
  complaint.signature = attempt.primitives->Sign(ComplaintBytes(cc, complaint));
  return complaint;
}

}  // namespace

Result<std::variant<Received, Complaint>> Received::Open(const Attempt& attempt, std::uint32_t own,
                                                         const Advertised& advertised, Shared& shared,
                                                         const DeliveryMessage& delivery) {
  using Outcome = std::variant<Received, Complaint>;
  const Neighbourhood& around = shared.neighbourhood();
  CAIRN_RETURN_IF_ERROR(CheckSet(attempt, around, delivery.u2));
  if (!attempt.primitives->Verifies(attempt.terms.aggregator, DeliveryBytes(around.context, delivery.u2),
                                    delivery.signature)) {
    return Status(errors::kSecAggMember, "the delivery is not signed by this round's aggregator");
  }
  Received result;
  result.u2_ = delivery.u2;
  for (const Peer& peer : around.circle) {
    if (delivery.u2.Has(peer.position)) result.owners_.push_back(peer.position);
  }
  const bool fits =
      std::equal(result.owners_.begin(), result.owners_.end(), delivery.shares.begin(), delivery.shares.end(),
                 [](Position owner, const SealedShare& share) { return owner == share.peer; });
  if (!fits) {
    return Status(errors::kSecAggMessage, "the delivery brings " + std::to_string(delivery.shares.size()) +
                                              " shares, expected those of " +
                                              std::to_string(result.owners_.size()) + " sites in order");
  }
  result.delivery_digest_ = DigestOf(delivery);
  result.shares_ = SecretBytes(result.owners_.size() * 2 * kShareBytes);
  CAIRN_ASSIGN_OR_RETURN(const std::vector<AeadKey> keys,
                         shared.TakeOpeningKeys(attempt, own, advertised.secrets()));
  std::span<std::byte> out = result.shares_.Overwrite(RevealSecret{});
  for (const SealedShare& share : delivery.shares) {
    const Peer* dealer = around.Find(share.peer);
    CAIRN_CHECK(dealer != nullptr, "owners are of the circle");
    const ShareNames expected{dealer->member, own, dealer->share_index};
    const std::optional<OpenedShare> opened =
        OpenShares(keys[static_cast<std::size_t>(dealer - around.circle.data())], around.context,
                   dealer->member, own, share.sealed);
    if (const auto fault = FindFault(around.context, expected, share, opened)) {
      if (dealer->member == own) {
        return Status(errors::kSecAggSealed, "the share this site keeps for itself came back changed");
      }
      return Outcome(ComplainAbout(attempt, around.context, share, *fault));
    }
    const std::span<const std::byte> both = opened->shares.Reveal(RevealSecret{});
    std::copy(both.begin(), both.end(), out.begin());
    out = out.subspan(both.size());
  }
  return Outcome(std::move(result));
}

std::span<const std::byte, kShareBytes> Received::share(std::size_t i, ShareKind kind) const {
  CAIRN_CHECK(shares_.size() == owners_.size() * 2 * kShareBytes, "shares are not read once they are wiped");
  const std::size_t offset = i * 2 * kShareBytes + (kind == ShareKind::kMaskKey ? 0 : kShareBytes);
  return shares_.Reveal(RevealSecret{}).subspan(offset).first<kShareBytes>();
}

bool Received::Answers(const DeliveryMessage& delivery) const {
  return DigestOf(delivery) == delivery_digest_;
}

void Received::Write(StateWriter& out) const {
  WriteSet(u2_, out);
  out.Hash(delivery_digest_).U32(static_cast<std::uint32_t>(owners_.size()));
  for (const Position owner : owners_) out.U32(owner);
  out.Blob(shares_.Reveal(RevealSecret{}));
}

Result<Received> Received::Read(TranscriptReader& in) {
  Received result;
  CAIRN_ASSIGN_OR_RETURN(result.u2_, ReadSet(in));
  in.FixedTo(result.delivery_digest_.bytes);
  const std::uint32_t owners = in.U32();
  for (std::uint32_t i = 0; i < owners && in.ok(); ++i) result.owners_.push_back(in.U32());
  const std::span<const std::byte> shares = in.Blob(in.left());
  if (!in.ok() || shares.size() != result.owners_.size() * 2 * kShareBytes) {
    return Status(errors::kSecAggState, "the saved shares of others are damaged");
  }
  result.shares_ = SecretBytes::CopyOf(shares);
  return result;
}

}  // namespace cairn::secagg
