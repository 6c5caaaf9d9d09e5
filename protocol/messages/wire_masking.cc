#include <algorithm>
#include <span>

#include "cairn/v1/secagg.pb.h"
#include "protocol/messages/wire.h"

// The messages of a masked round: lengths and counts first, order next; what they mean is judged by the
// protocol's own states (privacy/secagg).

namespace cairn::wire {
namespace {

constexpr std::size_t kMaxRosterBytes = std::size_t{768} << 10;

template <class Array>
void ToBytes(const Array& from, std::string* out) {
  out->assign(reinterpret_cast<const char*>(from.data()), from.size());
}

template <std::size_t N>
Status Fixed(std::string_view field, const std::string& in, std::array<std::byte, N>& out) {
  if (in.size() != N)
    return Malformed(field, "expected " + std::to_string(N) + " bytes, got " + std::to_string(in.size()));
  std::ranges::copy(std::as_bytes(std::span(in)), out.begin());
  return {};
}

Status CheckCount(std::string_view field, int count) {
  return static_cast<std::size_t>(count) <= secagg::kMaxMembers ? Status() : Malformed(field, "too many");
}

// Ascending and each once: the canonical order that transcripts are taken in.
template <class List, class Key>
Status CheckAscending(std::string_view field, const List& list, Key key) {
  for (int i = 1; i < list.size(); ++i) {
    if (key(list[i - 1]) >= key(list[i])) return Malformed(field, "not in ascending order");
  }
  return {};
}

void ToWire(const secagg::SiteSet& set, v1::SecAggSiteSet* out) {
  out->set_universe(static_cast<std::uint32_t>(set.universe()));
  ToBytes(set.bitmap(), out->mutable_bitmap());
}

Status FromWire(std::string_view field, const v1::SecAggSiteSet& in, secagg::SiteSet* out) {
  if (in.universe() > secagg::kMaxMembers) return Malformed(field, "of too many sites");
  auto set = secagg::SiteSet::FromBitmap(in.universe(), std::as_bytes(std::span(in.bitmap())));
  if (!set.ok()) return Malformed(field, "no bitmap of its sites");
  *out = std::move(*set);
  return {};
}

// ---- what sites say

void ToWire(const secagg::Advert& advert, v1::SecAggAdvert* out) {
  ToBytes(advert.share_key.bytes, out->mutable_share_key());
  ToBytes(advert.mask_key.bytes, out->mutable_mask_key());
  ToBytes(advert.commitment.bytes, out->mutable_commitment());
  ToBytes(advert.signature.bytes, out->mutable_signature());
}

Status FromWire(const v1::SecAggAdvert& in, secagg::Advert* out) {
  CAIRN_RETURN_IF_ERROR(Fixed("advert.share_key", in.share_key(), out->share_key.bytes));
  CAIRN_RETURN_IF_ERROR(Fixed("advert.mask_key", in.mask_key(), out->mask_key.bytes));
  CAIRN_RETURN_IF_ERROR(Fixed("advert.commitment", in.commitment(), out->commitment.bytes));
  return Fixed("advert.signature", in.signature(), out->signature.bytes);
}

using SealedList = google::protobuf::RepeatedPtrField<v1::SecAggSealedShare>;

void ToWire(const std::vector<secagg::SealedShare>& shares, SealedList* out) {
  for (const secagg::SealedShare& share : shares) {
    v1::SecAggSealedShare* to = out->Add();
    to->set_peer(share.peer);
    ToBytes(share.sealed, to->mutable_sealed());
    ToBytes(share.mask_key_hash.bytes, to->mutable_mask_key_hash());
    ToBytes(share.self_mask_hash.bytes, to->mutable_self_mask_hash());
  }
}

Status FromWire(const SealedList& in, std::vector<secagg::SealedShare>* out) {
  CAIRN_RETURN_IF_ERROR(CheckCount("shares", in.size()));
  CAIRN_RETURN_IF_ERROR(CheckAscending("shares", in, [](const auto& share) { return share.peer(); }));
  for (const v1::SecAggSealedShare& from : in) {
    secagg::SealedShare& share = out->emplace_back();
    share.peer = from.peer();
    CAIRN_RETURN_IF_ERROR(Fixed("shares.sealed", from.sealed(), share.sealed));
    CAIRN_RETURN_IF_ERROR(Fixed("shares.mask_key_hash", from.mask_key_hash(), share.mask_key_hash.bytes));
    CAIRN_RETURN_IF_ERROR(Fixed("shares.self_mask_hash", from.self_mask_hash(), share.self_mask_hash.bytes));
  }
  return {};
}

Status FromWire(const v1::SecAggShares& in, secagg::SharesMessage* out) {
  CAIRN_RETURN_IF_ERROR(FromWire(in.shares(), &out->shares));
  return Fixed("shares.signature", in.signature(), out->signature.bytes);
}

void ToWire(const secagg::UnmaskMessage& message, v1::SecAggUnmask* out) {
  for (const secagg::RevealedShare& share : message.shares) {
    v1::SecAggRevealedShare* to = out->add_shares();
    to->set_owner(share.owner);
    to->set_kind(static_cast<v1::SecAggShareKind>(share.kind));
    ToBytes(share.share, to->mutable_share());
  }
  ToBytes(message.signature.bytes, out->mutable_signature());
}

Status FromWire(const v1::SecAggUnmask& in, secagg::UnmaskMessage* out) {
  CAIRN_RETURN_IF_ERROR(CheckCount("unmask.shares", in.shares_size()));
  CAIRN_RETURN_IF_ERROR(
      CheckAscending("unmask.shares", in.shares(), [](const auto& share) { return share.owner(); }));
  for (const v1::SecAggRevealedShare& from : in.shares()) {
    if (from.kind() != v1::SEC_AGG_SHARE_KIND_MASK_KEY && from.kind() != v1::SEC_AGG_SHARE_KIND_SELF_MASK)
      return Malformed("unmask.shares", "unknown kind");
    secagg::RevealedShare& share = out->shares.emplace_back();
    share.owner = from.owner();
    share.kind = static_cast<secagg::ShareKind>(from.kind());
    CAIRN_RETURN_IF_ERROR(Fixed("unmask.share", from.share(), share.share));
  }
  return Fixed("unmask.signature", in.signature(), out->signature.bytes);
}

Status FromWire(const v1::SecAggComplaint& in, secagg::Complaint* out) {
  if (in.kind() < v1::SEC_AGG_COMPLAINT_KIND_DOES_NOT_OPEN ||
      in.kind() > v1::SEC_AGG_COMPLAINT_KIND_WRONG_HASH)
    return Malformed("complaint.kind", "unknown kind");
  out->accused = in.accused();
  out->kind = static_cast<secagg::ComplaintKind>(in.kind());
  CAIRN_RETURN_IF_ERROR(Fixed("complaint.evidence", in.evidence(), out->evidence.bytes));
  return Fixed("complaint.signature", in.signature(), out->signature.bytes);
}

struct SiteEncoder {
  v1::MaskingToServer* out;
  void operator()(const secagg::Advert& body) const { ToWire(body, out->mutable_advert()); }
  void operator()(const secagg::SharesMessage& body) const {
    ToWire(body.shares, out->mutable_shares()->mutable_shares());
    ToBytes(body.signature.bytes, out->mutable_shares()->mutable_signature());
  }
  void operator()(const secagg::MaskedInput&) const {
    CAIRN_CHECK(false, "a masked input stands in the report of its vector");
  }
  void operator()(const secagg::AgreementMessage& body) const {
    ToBytes(body.signature.bytes, out->mutable_agreement()->mutable_signature());
  }
  void operator()(const secagg::UnmaskMessage& body) const { ToWire(body, out->mutable_unmask()); }
  void operator()(const secagg::Complaint& body) const {
    v1::SecAggComplaint* to = out->mutable_complaint();
    to->set_accused(body.accused);
    to->set_kind(static_cast<v1::SecAggComplaintKind>(body.kind));
    ToBytes(body.evidence.bytes, to->mutable_evidence());
    ToBytes(body.signature.bytes, to->mutable_signature());
  }
};

// ---- what the aggregator says

Status FromWire(const v1::SecAggCohort& in, secagg::CohortMessage* out) {
  CAIRN_RETURN_IF_ERROR(CheckCount("cohort.adverts", in.adverts_size()));
  CAIRN_RETURN_IF_ERROR(CheckCount("cohort.proof", in.proof_size()));
  CAIRN_RETURN_IF_ERROR(
      CheckAscending("cohort.adverts", in.adverts(), [](const auto& advert) { return advert.position(); }));
  if (in.n() > secagg::kMaxMembers) return Malformed("cohort.n", "too many");
  out->n = in.n();
  if (in.has_members()) CAIRN_RETURN_IF_ERROR(FromWire("cohort.members", in.members(), &out->members));
  for (const v1::SecAggPlacedAdvert& from : in.adverts()) {
    secagg::PlacedAdvert& placed = out->adverts.emplace_back();
    placed.position = from.position();
    placed.member = from.member();
    CAIRN_RETURN_IF_ERROR(FromWire(from.advert(), &placed.advert));
  }
  for (const std::string& from : in.proof())
    CAIRN_RETURN_IF_ERROR(Fixed("cohort.proof", from, out->proof.emplace_back().bytes));
  return Fixed("cohort.signature", in.signature(), out->signature.bytes);
}

Status FromWire(const v1::SecAggDelivery& in, secagg::DeliveryMessage* out) {
  CAIRN_RETURN_IF_ERROR(FromWire("delivery.u2", in.u2(), &out->u2));
  CAIRN_RETURN_IF_ERROR(FromWire(in.shares(), &out->shares));
  return Fixed("delivery.signature", in.signature(), out->signature.bytes);
}

Status FromWire(const v1::SecAggSurvivors& in, secagg::SurvivorsMessage* out) {
  CAIRN_RETURN_IF_ERROR(FromWire("survivors.u3", in.u3(), &out->u3));
  return Fixed("survivors.signature", in.signature(), out->signature.bytes);
}

Status FromWire(const v1::SecAggUnmaskRequest& in, secagg::UnmaskRequest* out) {
  CAIRN_RETURN_IF_ERROR(CheckCount("unmask_request.agreed", in.agreed_size()));
  CAIRN_RETURN_IF_ERROR(CheckAscending("unmask_request.agreed", in.agreed(),
                                       [](const auto& signature) { return signature.position(); }));
  for (const v1::SecAggPlacedSignature& from : in.agreed()) {
    secagg::PlacedSignature& placed = out->agreed.emplace_back();
    placed.position = from.position();
    CAIRN_RETURN_IF_ERROR(Fixed("unmask_request.signature", from.signature(), placed.signature.bytes));
  }
  return {};
}

struct AggregatorEncoder {
  v1::MaskingToClient* out;
  void operator()(const secagg::CohortMessage& body) const {
    v1::SecAggCohort* to = out->mutable_cohort();
    to->set_n(body.n);
    if (body.members.universe() > 0) ToWire(body.members, to->mutable_members());
    for (const secagg::PlacedAdvert& placed : body.adverts) {
      v1::SecAggPlacedAdvert* advert = to->add_adverts();
      advert->set_position(placed.position);
      advert->set_member(placed.member);
      ToWire(placed.advert, advert->mutable_advert());
    }
    for (const Sha256Digest& digest : body.proof) ToBytes(digest.bytes, to->add_proof());
    ToBytes(body.signature.bytes, to->mutable_signature());
  }
  void operator()(const secagg::DeliveryMessage& body) const {
    v1::SecAggDelivery* to = out->mutable_delivery();
    ToWire(body.u2, to->mutable_u2());
    ToWire(body.shares, to->mutable_shares());
    ToBytes(body.signature.bytes, to->mutable_signature());
  }
  void operator()(const secagg::SurvivorsMessage& body) const {
    v1::SecAggSurvivors* to = out->mutable_survivors();
    ToWire(body.u3, to->mutable_u3());
    ToBytes(body.signature.bytes, to->mutable_signature());
  }
  void operator()(const secagg::UnmaskRequest& body) const {
    v1::SecAggUnmaskRequest* to = out->mutable_unmask_request();
    for (const secagg::PlacedSignature& placed : body.agreed) {
      v1::SecAggPlacedSignature* signature = to->add_agreed();
      signature->set_position(placed.position);
      ToBytes(placed.signature.bytes, signature->mutable_signature());
    }
  }
};

template <class Body, class Wire, class Out>
Status Take(const Wire& in, Out* out) {
  Body body;
  CAIRN_RETURN_IF_ERROR(FromWire(in, &body));
  *out = std::move(body);
  return {};
}

}  // namespace

void ToWire(const secagg::MaskedInput& input, v1::SecAggMaskedInput* out) {
  out->set_bytes(input.bytes);
  ToBytes(input.object.bytes, out->mutable_object());
  ToBytes(input.signature.bytes, out->mutable_signature());
}

Status FromWire(const v1::SecAggMaskedInput& in, secagg::MaskedInput* out) {
  if (in.bytes() > kMaxBlobBytes) return Malformed("masked.bytes", "too large");
  out->bytes = in.bytes();
  CAIRN_RETURN_IF_ERROR(Fixed("masked.object", in.object(), out->object.bytes));
  return Fixed("masked.signature", in.signature(), out->signature.bytes);
}

void ToWire(const PlanMasking& masking, v1::PlanMasking* out) {
  ToBytes(masking.context.bytes, out->mutable_context());
  out->set_roster(masking.roster);
}

Status FromWire(const v1::PlanMasking& in, PlanMasking* out) {
  if (in.roster().size() > kMaxRosterBytes) return Malformed("masking.roster", "larger than 768 KiB");
  out->roster = in.roster();
  return Fixed("masking.context", in.context(), out->context.bytes);
}

void ToWire(const MaskingToServer& message, v1::MaskingToServer* out) {
  ToWire(message.key, out->mutable_key());
  std::visit(SiteEncoder{out}, message.body);
}

Status FromWire(const v1::MaskingToServer& in, MaskingToServer* out) {
  CAIRN_RETURN_IF_ERROR(FromWire(in.key(), &out->key));
  switch (in.body_case()) {
    case v1::MaskingToServer::kAdvert:
      return Take<secagg::Advert>(in.advert(), &out->body);
    case v1::MaskingToServer::kShares:
      return Take<secagg::SharesMessage>(in.shares(), &out->body);
    case v1::MaskingToServer::kAgreement: {
      secagg::AgreementMessage body;
      CAIRN_RETURN_IF_ERROR(Fixed("agreement.signature", in.agreement().signature(), body.signature.bytes));
      out->body = body;
      return {};
    }
    case v1::MaskingToServer::kUnmask:
      return Take<secagg::UnmaskMessage>(in.unmask(), &out->body);
    case v1::MaskingToServer::kComplaint:
      return Take<secagg::Complaint>(in.complaint(), &out->body);
    case v1::MaskingToServer::BODY_NOT_SET:
      break;
  }
  return Malformed("masking", "of no known kind");
}

void ToWire(const MaskingToClient& message, v1::MaskingToClient* out) {
  ToWire(message.key, out->mutable_key());
  std::visit(AggregatorEncoder{out}, message.body);
}

Status FromWire(const v1::MaskingToClient& in, MaskingToClient* out) {
  CAIRN_RETURN_IF_ERROR(FromWire(in.key(), &out->key));
  switch (in.body_case()) {
    case v1::MaskingToClient::kCohort:
      return Take<secagg::CohortMessage>(in.cohort(), &out->body);
    case v1::MaskingToClient::kDelivery:
      return Take<secagg::DeliveryMessage>(in.delivery(), &out->body);
    case v1::MaskingToClient::kSurvivors:
      return Take<secagg::SurvivorsMessage>(in.survivors(), &out->body);
    case v1::MaskingToClient::kUnmaskRequest:
      return Take<secagg::UnmaskRequest>(in.unmask_request(), &out->body);
    case v1::MaskingToClient::BODY_NOT_SET:
      break;
  }
  return Malformed("masking", "of no known kind");
}

}  // namespace cairn::wire
