#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "privacy/crypto/transcript.h"
#include "privacy/secagg/client/advertise.h"
#include "privacy/secagg/client/sealed_share.h"
#include "privacy/secagg/client/share.h"
#include "privacy/secagg/shared/derive.h"
#include "privacy/secagg/shared/graph.h"
#include "privacy/secagg/shared/merkle.h"
#include "privacy/secagg/shared/shamir.h"
#include "privacy/secagg/shared/share_evidence.h"
#include "tests/unit/privacy/secagg/secagg_script.h"

// A scripted aggregator and a scripted site: they hold their own signing keys and lie where a test tells them
// to.

namespace cairn::secagg {

// An aggregator that shows what it likes, correctly signed.
class LyingAggregator {
 public:
  explicit LyingAggregator(const SecAggScript& script) : script_(script), rc_(RoundContext(script.terms)) {}

  struct View {  // one U1 and what follows from it
    std::vector<PlacedAdvert> adverts;
    Sha256Digest root, cc;
    SiteSet members;
    Signature signature;
  };
  // Any adverts it has, in roster order.
  View Form(std::vector<std::pair<Member, Advert>> shown) const {
    View view;
    std::vector<Sha256Digest> leaves;
    if (script_.terms.k != 0) view.members = SiteSet(script_.membership->members.size());
    for (const auto& [member, advert] : shown) {
      view.adverts.push_back({static_cast<Position>(view.adverts.size()), member, advert});
      leaves.push_back(AdvertLeaf(member, AdvertHash(rc_, member, advert)));
      if (script_.terms.k != 0) view.members.Add(member);
    }
    view.root = MerkleRoot(leaves);
    const auto n = static_cast<std::uint32_t>(shown.size());
    view.cc = CohortContext(rc_, n, view.root, view.members);
    view.signature = Sign(CohortBytes(rc_, n, view.root, view.members));
    return view;
  }
  View FormOf(const Members& members) const {
    std::vector<std::pair<Member, Advert>> shown;
    for (const Member m : members) shown.emplace_back(m, script_.clients[m]->advert());
    return Form(std::move(shown));
  }
  CohortMessage MessageFor(const View& view, Member member) const {
    CohortMessage message;
    message.n = static_cast<std::uint32_t>(view.adverts.size());
    message.members = view.members;
    message.signature = view.signature;
    if (script_.terms.k == 0) {
      message.adverts = view.adverts;
      return message;
    }
    const Graph graph = *Graph::Make(message.n, script_.terms.k, view.cc);
    const auto own = std::find_if(view.adverts.begin(), view.adverts.end(),
                                  [&](const PlacedAdvert& placed) { return placed.member == member; });
    std::vector<Position> shown = graph.Neighbours(own->position);
    shown.insert(std::lower_bound(shown.begin(), shown.end(), own->position), own->position);
    std::vector<Sha256Digest> leaves;
    for (const PlacedAdvert& placed : view.adverts) {
      leaves.push_back(AdvertLeaf(placed.member, AdvertHash(rc_, placed.member, placed.advert)));
    }
    for (const Position p : shown) message.adverts.push_back(view.adverts[p]);
    message.proof = MerkleProof(leaves, std::vector<std::size_t>(shown.begin(), shown.end()));
    return message;
  }
  SurvivorsMessage NameSurvivors(const Sha256Digest& cc, const SiteSet& u2, const SiteSet& u3) const {
    return {u3, Sign(SurvivorsBytes(cc, u2, u3))};
  }
  DeliveryMessage Deliver(const Sha256Digest& cc, const SiteSet& u2, std::vector<SealedShare> shares) const {
    return {u2, std::move(shares), Sign(DeliveryBytes(cc, u2))};
  }
  Signature Sign(const Bytes& message) const { return script_.SignAs(SecAggScript::kAggregator, message); }

 private:
  const SecAggScript& script_;
  Sha256Digest rc_;
};

// What a test may know of a site: its saved state, taken apart with the readers the site uses.
struct SiteState {
  explicit SiteState(const Client& client)
      : saved(client.Save()), in(saved.Reveal(RevealSecret{}), "cairn-secagg-client-2") {
    in.Fixed(32 + 4 + 1);
    advertised = *Advertised::Read(in);
    if (client.phase() >= Client::Phase::kShared && client.phase() < Client::Phase::kAnswered)
      shared = *Shared::Read(in);
  }
  const Advertised::Secrets& secrets() const { return advertised->secrets(); }
  const Neighbourhood& around() const { return shared->neighbourhood(); }

  SecretBytes saved;
  TranscriptReader in;
  std::optional<Advertised> advertised;
  std::optional<Shared> shared;
};

inline SecretBytes Other32(const SecretBytes& secret) {
  SecretBytes other = secret.Clone();
  other.Overwrite(RevealSecret{})[9] ^= std::byte{1};  // no bit that X25519 sets or clears by itself
  return other;
}

// A dealer that splits other secrets than it advertised, every share as its hash and signature say.
inline SharesMessage DealOthers(const SecAggScript& script, Member m, const SecretBytes& mask_key,
                                const SecretBytes& self_mask) {
  const SiteState state(*script.clients[m]);
  const Neighbourhood& around = state.around();
  const auto primitives = script.PrimitivesOf(m, 77);
  const auto split = [&](const SecretBytes& secret) {
    SecretBytes coefficients((around.threshold - 1) * kShareBytes);
    primitives->Fill(coefficients.Overwrite(RevealSecret{}));
    return SplitSecret(secret.Reveal(RevealSecret{}).first<32>(), around.threshold, around.circle.size(),
                       coefficients.Reveal(RevealSecret{}));
  };
  const auto s = split(mask_key), b = split(self_mask);
  SharesMessage message;
  for (std::size_t i = 0; i < around.circle.size(); ++i) {
    const Peer& holder = around.circle[i];
    const SecretBytes agreed = *primitives->Derive(state.secrets().share_key.material(), holder.share_key);
    SealedShare share;
    share.peer = holder.position;
    share.mask_key_hash = ShareHash(around.context, m, holder.member, ShareKind::kMaskKey, Share32(s[i]));
    share.self_mask_hash = ShareHash(around.context, m, holder.member, ShareKind::kSelfMask, Share32(b[i]));
    share.sealed = SealShares(*primitives,
                              SealingKey(agreed, around.context, {m, state.secrets().share_key.public_key()},
                                         {holder.member, holder.share_key}),
                              around.context, {m, holder.member, static_cast<std::uint8_t>(i + 1)},
                              Share32(s[i]), Share32(b[i]));
    message.shares.push_back(share);
  }
  message.signature = primitives->Sign(SharesBytes(around.context, m, message.shares));
  return message;
}

inline SiteSet SetOf(std::size_t universe, const Members& positions) {
  SiteSet set(universe);
  for (const Member p : positions) set.Add(p);
  return set;
}

}  // namespace cairn::secagg
