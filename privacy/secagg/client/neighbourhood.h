#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/agreement.h"
#include "privacy/crypto/sha256.h"
#include "privacy/crypto/transcript.h"
#include "privacy/secagg/client/state_writer.h"
#include "privacy/secagg/shared/site_set.h"

namespace cairn::secagg {

// A site that holds a share of ours, as we hold one of its.
struct Peer {
  Position position = 0;
  std::uint32_t member = 0;
  AgreementPublic share_key, mask_key;  // C_v, S_v
  std::uint8_t share_index = 0;         // our x among the holders of its shares
};

// What a site knows of U1 once R1 is checked. Plain data.
struct Neighbourhood {
  Sha256Digest context;  // cc
  std::uint32_t n = 0;   // |U1|
  Position own = 0;
  std::uint32_t threshold = 0;  // t
  // The holders of our shares, who are also the dealers of those we hold; ascending. Complete graph: all of
  // U1 and so ourselves; regular: the neighbours.
  std::vector<Peer> circle;
  SiteSet members;  // U1 over the roster

  std::size_t InCircle(const SiteSet& positions) const;
  const Peer* Find(Position position) const;                             // null outside of the circle
  std::vector<std::uint32_t> MembersAt(const SiteSet& positions) const;  // ascending

  static Result<Neighbourhood> Read(TranscriptReader& in);
  void Write(StateWriter& out) const;
};

// A set of positions or members, with its universe in front.
void WriteSet(const SiteSet& set, StateWriter& out);
Result<SiteSet> ReadSet(TranscriptReader& in);

}  // namespace cairn::secagg
