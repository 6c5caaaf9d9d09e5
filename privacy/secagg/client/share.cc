#include "privacy/secagg/client/share.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "privacy/crypto/secret_bytes.h"
#include "privacy/secagg/client/cohort_check.h"
#include "privacy/secagg/client/sealed_share.h"
#include "privacy/secagg/shared/derive.h"
#include "privacy/secagg/shared/graph.h"
#include "privacy/secagg/shared/shamir.h"

namespace cairn::secagg {
namespace {

Status Malformed(const std::string& what) { return Status(errors::kSecAggMessage, "the cohort " + what); }

Status CheckSize(const Attempt& attempt, std::uint32_t n) {
  const Terms& terms = attempt.terms;
  const Floors& floors = attempt.floors;
  const auto refuse = [n](const std::string& rule) {
    return Status(errors::kSecAggFloor, "the cohort has " + std::to_string(n) + " sites, " + rule);
  };
  if (n < floors.min_cohort)
    return refuse("this site's policy asks for " + std::to_string(floors.min_cohort));
  if (n < terms.n_min || n > terms.n_max) {
    return refuse("the terms allow " + std::to_string(terms.n_min) + " to " + std::to_string(terms.n_max));
  }
  if (floors.job_members != 0 && 2 * std::uint64_t{n} <= floors.job_members) {
    return refuse("not more than half of the job's " + std::to_string(floors.job_members));
  }
  return Status::Ok();
}

// U1 over the roster.
Result<SiteSet> MembersOf(const Attempt& attempt, const CohortMessage& cohort) {
  if (!attempt.is_complete()) {
    const std::vector<Position> members = cohort.members.Members();
    for (const PlacedAdvert& placed : cohort.adverts) {
      if (members[placed.position] != placed.member)
        return Malformed("lists another member at a place it shows");
    }
    return cohort.members;
  }
  SiteSet result(attempt.membership->members.size());
  for (const PlacedAdvert& placed : cohort.adverts) {
    if (placed.member >= result.universe()) {
      return Status(errors::kSecAggMember, "the cohort has " + attempt.NameOf(placed.member) +
                                               ", who is not on the roster of " +
                                               std::to_string(result.universe()));
    }
    result.Add(placed.member);
  }
  return result;
}

Status CheckAdverts(const Attempt& attempt, const CohortMessage& cohort, const SeenKeys* seen) {
  DistinctKeys keys;
  for (const PlacedAdvert& placed : cohort.adverts) {
    CAIRN_RETURN_IF_ERROR(keys.Check(placed.member, placed.advert));
    CAIRN_RETURN_IF_ERROR(CheckAdvert(attempt, placed.member, placed.advert, seen));
    keys.Add(placed.advert);
  }
  return Status::Ok();
}

const PlacedAdvert* FindOwn(const CohortMessage& cohort, std::uint32_t own) {
  const auto at = std::find_if(cohort.adverts.begin(), cohort.adverts.end(),
                               [own](const PlacedAdvert& placed) { return placed.member == own; });
  return at == cohort.adverts.end() ? nullptr : &*at;
}

// The circle, if the message shows exactly the graph's neighbours.
Result<std::vector<Peer>> FindCircle(const Graph& graph, const CohortMessage& cohort, Position own) {
  std::vector<Peer> circle;
  for (const PlacedAdvert& placed : cohort.adverts) {
    if (placed.position == own && !graph.is_complete()) continue;
    const std::optional<std::uint8_t> index = graph.ShareIndex(placed.position, own);
    if (!index) return Malformed("shows a site that is no neighbour");
    circle.push_back(
        {placed.position, placed.member, placed.advert.share_key, placed.advert.mask_key, *index});
  }
  return circle;
}

SecretBytes DrawCoefficients(Primitives& primitives, std::uint32_t threshold) {
  SecretBytes coefficients((threshold - 1) * kShareBytes);
  primitives.Fill(coefficients.Overwrite(RevealSecret{}));
  return coefficients;
}

std::vector<SecretBytes> Split(Primitives& primitives, const SecretBytes& secret, std::uint32_t threshold,
                               std::size_t holders) {
  const SecretBytes coefficients = DrawCoefficients(primitives, threshold);
  return SplitSecret(secret.Reveal(RevealSecret{}).first<kShareBytes>(), threshold, holders,
                     coefficients.Reveal(RevealSecret{}));
}

Result<std::vector<SecretBytes>> AgreeWithAll(Primitives& primitives, const ShareKey& own,
                                              const std::vector<Peer>& circle) {
  std::vector<AgreementPublic> keys;
  for (const Peer& peer : circle) keys.push_back(peer.share_key);
  return primitives.DeriveAll(own.material(), keys);
}

Sha256Digest DigestOf(const CohortMessage& cohort) {
  Sha256 hash;
  const std::uint32_t n = cohort.n;
  hash.Update(std::as_bytes(std::span(&n, 1))).Update(cohort.members.bitmap());
  for (const PlacedAdvert& placed : cohort.adverts) {
    const std::uint32_t at[2] = {placed.position, placed.member};
    const Advert& advert = placed.advert;
    hash.Update(std::as_bytes(std::span(at))).Update(advert.share_key.bytes).Update(advert.mask_key.bytes);
    hash.Update(advert.commitment.bytes).Update(advert.signature.bytes);
  }
  for (const Sha256Digest& node : cohort.proof) hash.Update(node.bytes);
  hash.Update(cohort.signature.bytes);
  return std::move(hash).Finish();
}

Result<SharesMessage> DealShares(const Attempt& attempt, std::uint32_t own,
                                 const Advertised::Secrets& secrets, const Neighbourhood& around,
                                 std::vector<AeadKey>& opening_keys) {
  Primitives& primitives = *attempt.primitives;
  const std::size_t holders = around.circle.size();
  const std::vector<SecretBytes> mask_shares =
      Split(primitives, secrets.mask_key.secret(), around.threshold, holders);
  const std::vector<SecretBytes> self_shares =
      Split(primitives, secrets.self_mask, around.threshold, holders);
  CAIRN_ASSIGN_OR_RETURN(const std::vector<SecretBytes> agreed,
                         AgreeWithAll(primitives, secrets.share_key, around.circle));
  SharesMessage message;
  message.shares.reserve(holders);
  for (std::size_t i = 0; i < holders; ++i) {
    const Peer& holder = around.circle[i];
    SealedShare share;
    share.peer = holder.position;
    share.mask_key_hash =
        ShareHash(around.context, own, holder.member, ShareKind::kMaskKey, Share32(mask_shares[i]));
    share.self_mask_hash =
        ShareHash(around.context, own, holder.member, ShareKind::kSelfMask, Share32(self_shares[i]));
    const ShareNames names{own, holder.member, static_cast<std::uint8_t>(i + 1)};
    const PairEnd here{own, secrets.share_key.public_key()}, there{holder.member, holder.share_key};
    share.sealed = SealShares(primitives, SealingKey(agreed[i], around.context, here, there), around.context,
                              names, Share32(mask_shares[i]), Share32(self_shares[i]));
    opening_keys.push_back(SealingKey(agreed[i], around.context, there, here));
    message.shares.push_back(share);
  }
  message.signature = primitives.Sign(SharesBytes(around.context, own, message.shares));
  return message;
}

}  // namespace

Result<Shared> Shared::Deal(const Attempt& attempt, std::uint32_t own, const Advertised& advertised,
                            const CohortMessage& cohort, const SeenKeys* seen) {
  CAIRN_RETURN_IF_ERROR(CheckSize(attempt, cohort.n));
  CAIRN_RETURN_IF_ERROR(CheckCohortShape(attempt, cohort));
  const PlacedAdvert* mine = FindOwn(cohort, own);
  if (mine == nullptr || mine->advert != advertised.advert()) {
    return Malformed(mine == nullptr ? "leaves this site out" : "shows another advert of this site");
  }
  Shared result;
  Neighbourhood& around = result.neighbourhood_;
  CAIRN_ASSIGN_OR_RETURN(around.members, MembersOf(attempt, cohort));
  CAIRN_ASSIGN_OR_RETURN(result.signed_cohort_, VerifyCohort(attempt, cohort));
  around.context = result.signed_cohort_.view.Context(attempt.context);
  CAIRN_RETURN_IF_ERROR(CheckAdverts(attempt, cohort, seen));
  CAIRN_ASSIGN_OR_RETURN(const Graph graph, Graph::Make(cohort.n, attempt.terms.k, around.context));
  around.n = cohort.n;
  around.own = mine->position;
  around.threshold = graph.threshold(attempt.terms.t);
  CAIRN_ASSIGN_OR_RETURN(around.circle, FindCircle(graph, cohort, around.own));
  result.cohort_digest_ = DigestOf(cohort);
  CAIRN_ASSIGN_OR_RETURN(result.message_,
                         DealShares(attempt, own, advertised.secrets(), around, result.opening_keys_));
  return result;
}

Result<std::vector<AeadKey>> Shared::TakeOpeningKeys(const Attempt& attempt, std::uint32_t own,
                                                     const Advertised::Secrets& secrets) {
  std::vector<AeadKey> keys = std::move(opening_keys_);
  opening_keys_.clear();
  if (!keys.empty()) return keys;
  CAIRN_ASSIGN_OR_RETURN(const std::vector<SecretBytes> agreed,
                         AgreeWithAll(*attempt.primitives, secrets.share_key, neighbourhood_.circle));
  for (std::size_t i = 0; i < agreed.size(); ++i) {
    const Peer& peer = neighbourhood_.circle[i];
    keys.push_back(SealingKey(agreed[i], neighbourhood_.context, {peer.member, peer.share_key},
                              {own, secrets.share_key.public_key()}));
  }
  return keys;
}

bool Shared::Answers(const CohortMessage& cohort) const { return DigestOf(cohort) == cohort_digest_; }

void Shared::Write(StateWriter& out) const {
  neighbourhood_.Write(out);
  out.Hash(cohort_digest_);
  for (const SealedShare& share : message_.shares) {
    out.Fixed(share.sealed).Hash(share.mask_key_hash).Hash(share.self_mask_hash);
  }
  out.Fixed(message_.signature.bytes);
}

Result<Shared> Shared::Read(TranscriptReader& in) {
  Shared result;
  CAIRN_ASSIGN_OR_RETURN(result.neighbourhood_, Neighbourhood::Read(in));
  in.FixedTo(result.cohort_digest_.bytes);
  for (const Peer& holder : result.neighbourhood_.circle) {
    SealedShare share;
    share.peer = holder.position;
    in.FixedTo(share.sealed);
    in.FixedTo(share.mask_key_hash.bytes);
    in.FixedTo(share.self_mask_hash.bytes);
    result.message_.shares.push_back(share);
  }
  in.FixedTo(result.message_.signature.bytes);
  if (!in.ok()) return Status(errors::kSecAggState, "the saved shares are damaged");
  return result;
}

}  // namespace cairn::secagg
