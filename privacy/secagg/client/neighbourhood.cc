#include "privacy/secagg/client/neighbourhood.h"

#include <algorithm>

#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

std::size_t Neighbourhood::InCircle(const SiteSet& positions) const {
  return static_cast<std::size_t>(std::count_if(
      circle.begin(), circle.end(), [&](const Peer& peer) { return positions.Has(peer.position); }));
}

const Peer* Neighbourhood::Find(Position position) const {
  const auto at = std::lower_bound(circle.begin(), circle.end(), position,
                                   [](const Peer& peer, Position wanted) { return peer.position < wanted; });
  return at != circle.end() && at->position == position ? &*at : nullptr;
}

std::vector<std::uint32_t> Neighbourhood::MembersAt(const SiteSet& positions) const {
  const std::vector<Position> all = members.Members();  // positions count in roster order
  std::vector<std::uint32_t> result;
  for (const Position position : positions.Members()) result.push_back(all[position]);
  return result;
}

void WriteSet(const SiteSet& set, StateWriter& out) {
  out.U32(static_cast<std::uint32_t>(set.universe())).Blob(set.bitmap());
}

Result<SiteSet> ReadSet(TranscriptReader& in) {
  const std::uint32_t universe = in.U32();
  return SiteSet::FromBitmap(universe, in.Blob(in.left()));
}

void Neighbourhood::Write(StateWriter& out) const {
  out.Hash(context).U32(n).U32(own).U32(threshold).U32(static_cast<std::uint32_t>(circle.size()));
  for (const Peer& peer : circle) {
    out.U32(peer.position).U32(peer.member).Fixed(peer.share_key.bytes).Fixed(peer.mask_key.bytes);
    out.U8(peer.share_index);
  }
  WriteSet(members, out);
}

Result<Neighbourhood> Neighbourhood::Read(TranscriptReader& in) {
  Neighbourhood result;
  in.FixedTo(result.context.bytes);
  result.n = in.U32();
  result.own = in.U32();
  result.threshold = in.U32();
  const std::uint32_t size = in.U32();
  for (std::uint32_t i = 0; i < size && in.ok(); ++i) {
    Peer peer;
    peer.position = in.U32();
    peer.member = in.U32();
    in.FixedTo(peer.share_key.bytes);
    in.FixedTo(peer.mask_key.bytes);
    peer.share_index = in.U8();
    result.circle.push_back(peer);
  }
  CAIRN_ASSIGN_OR_RETURN(result.members, ReadSet(in));
  if (!in.ok() || result.n > kMaxMembers || result.members.size() != result.n || result.own >= result.n) {
    return Status(errors::kSecAggState, "the saved cohort is damaged");
  }
  return result;
}

}  // namespace cairn::secagg
