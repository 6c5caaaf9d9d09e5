#include "privacy/secagg/client/answer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "privacy/secagg/shared/derive.h"

namespace cairn::secagg {
namespace {

Status CheckQuorum(const Attempt& attempt, std::uint32_t own, const Neighbourhood& around, const SiteSet& u2,
                   const SiteSet& u3, const UnmaskRequest& request) {
  if (request.agreed.size() < around.threshold) {
    return Status(errors::kSecAggFloor, std::to_string(request.agreed.size()) +
                                            " sites agreed on the survivors, " +
                                            std::to_string(around.threshold) + " are needed");
  }
  for (std::size_t i = 0; i < request.agreed.size(); ++i) {
    const PlacedSignature& vote = request.agreed[i];
    if (i > 0 && vote.position <= request.agreed[i - 1].position) {
      return Status(errors::kSecAggMessage, "the agreements are not in ascending order, one a site");
    }
    const Peer* peer = around.Find(vote.position);
    if (peer == nullptr || !u3.Has(vote.position) || (!attempt.is_complete() && peer->member == own)) {
      return Status(errors::kSecAggMessage, "an agreement is of position " + std::to_string(vote.position) +
                                                ", which does not count here");
    }
    const Membership::Member* member = attempt.membership->Find(peer->member);
    CAIRN_CHECK(member != nullptr, "the circle was checked against the roster");
    if (!attempt.primitives->Verifies(member->key, AgreedBytes(around.context, peer->member, u2, u3),
                                      vote.signature)) {
      return Status(errors::kSecAggMember,
                    attempt.NameOf(peer->member) + " did not sign for the survivors this site agreed to");
    }
  }
  return Status::Ok();
}

Sha256Digest DigestOf(const UnmaskRequest& request) {
  Sha256 hash;
  for (const PlacedSignature& vote : request.agreed) {
    const std::uint32_t position = vote.position;
    hash.Update(std::as_bytes(std::span(&position, 1))).Update(vote.signature.bytes);
  }
  return std::move(hash).Finish();
}

}  // namespace

Result<Answered> Answered::Reveal(const Attempt& attempt, std::uint32_t own, const Neighbourhood& around,
                                  const Received& received, const Agreed& agreed,
                                  const UnmaskRequest& request) {
  const SiteSet &u2 = received.u2(), &u3 = agreed.u3();
  CAIRN_RETURN_IF_ERROR(CheckQuorum(attempt, own, around, u2, u3, request));
  Answered result;
  result.request_digest_ = DigestOf(request);
  for (std::size_t i = 0; i < received.owners().size(); ++i) {
    RevealedShare share;
    share.owner = received.owners()[i];
    share.kind = u3.Has(share.owner) ? ShareKind::kSelfMask : ShareKind::kMaskKey;
    std::ranges::copy(received.share(i, share.kind), share.share.begin());
    result.message_.shares.push_back(share);
  }
  result.message_.signature =
      attempt.primitives->Sign(UnmaskBytes(around.context, own, u3, result.message_.shares));
  return result;
}

bool Answered::Answers(const UnmaskRequest& request) const { return DigestOf(request) == request_digest_; }

void Answered::Write(StateWriter& out) const {
  out.Hash(request_digest_).U32(static_cast<std::uint32_t>(message_.shares.size()));
  for (const RevealedShare& share : message_.shares) {
    out.U32(share.owner).U8(static_cast<std::uint8_t>(share.kind)).Fixed(share.share);
  }
  out.Fixed(message_.signature.bytes);
}

Result<Answered> Answered::Read(TranscriptReader& in) {
  Answered result;
  in.FixedTo(result.request_digest_.bytes);
  const std::uint32_t shares = in.U32();
  for (std::uint32_t i = 0; i < shares && in.ok(); ++i) {
    RevealedShare share;
    share.owner = in.U32();
    const std::uint8_t kind = in.U8();
    if (kind != 1 && kind != 2) return Status(errors::kSecAggState, "the saved answer is damaged");
    share.kind = static_cast<ShareKind>(kind);
    in.FixedTo(share.share);
    result.message_.shares.push_back(share);
  }
  in.FixedTo(result.message_.signature.bytes);
  if (!in.ok()) return Status(errors::kSecAggState, "the saved answer is damaged");
  return result;
}

}  // namespace cairn::secagg
