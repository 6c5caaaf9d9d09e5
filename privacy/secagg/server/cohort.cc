#include "privacy/secagg/server/cohort.h"

#include <algorithm>
#include <utility>

#include "privacy/secagg/shared/derive.h"

namespace cairn::secagg {

Result<Cohort> Cohort::Form(const Attempt& attempt, std::vector<PlacedAdvert> adverts) {
  const auto n = static_cast<std::uint32_t>(adverts.size());
  std::vector<Sha256Digest> leaves;
  SiteSet members(attempt.is_complete() ? 0 : attempt.membership->members.size());
  for (Position position = 0; position < n; ++position) {
    PlacedAdvert& placed = adverts[position];
    placed.position = position;
    leaves.push_back(AdvertLeaf(placed.member, AdvertHash(attempt.context, placed.member, placed.advert)));
    if (!attempt.is_complete()) members.Add(placed.member);
  }
  MerkleTree tree(std::move(leaves));
  const Sha256Digest context = CohortContext(attempt.context, n, tree.root(), members);
  CAIRN_ASSIGN_OR_RETURN(Graph graph, Graph::Make(n, attempt.terms.k, context));
  Cohort result(std::move(graph), std::move(tree));
  result.context_ = context;
  result.signature_ = attempt.primitives->Sign(CohortBytes(attempt.context, n, result.tree_.root(), members));
  result.threshold_ = result.graph_.threshold(attempt.terms.t);
  result.smallest_ = SmallestSurvivors(n, attempt.floors);
  result.members_ = std::move(members);
  result.adverts_ = std::move(adverts);
  return result;
}

std::optional<Position> Cohort::PositionOf(std::uint32_t member) const {
  const auto at = std::lower_bound(
      adverts_.begin(), adverts_.end(), member,
      [](const PlacedAdvert& placed, std::uint32_t wanted) { return placed.member < wanted; });
  if (at == adverts_.end() || at->member != member) return std::nullopt;
  return at->position;
}

std::vector<std::uint32_t> Cohort::MembersAt(const SiteSet& positions) const {
  std::vector<std::uint32_t> result;
  for (const Position position : positions.Members()) result.push_back(MemberAt(position));
  return result;
}

Result<Position> Cohort::Require(const Attempt& attempt, std::uint32_t member, const SiteSet& among,
                                 const std::string& what) const {
  const std::optional<Position> position = PositionOf(member);
  if (position && among.Has(*position)) return *position;
  return Status(errors::kSecAggMember, attempt.NameOf(member) + " is not one of the " +
                                           std::to_string(among.size()) + " sites " + what);
}

CohortMessage Cohort::MessageFor(Position position) const {
  CohortMessage message;
  message.n = static_cast<std::uint32_t>(adverts_.size());
  message.members = members_;
  message.signature = signature_;
  if (graph_.is_complete()) {
    message.adverts = adverts_;
    return message;
  }
  std::vector<Position> shown = graph_.Neighbours(position);
  shown.insert(std::lower_bound(shown.begin(), shown.end(), position), position);
  for (const Position p : shown) message.adverts.push_back(adverts_[p]);
  message.proof = tree_.Proof(std::vector<std::size_t>(shown.begin(), shown.end()));
  return message;
}

HolderCount::HolderCount(const Cohort& cohort, const SiteSet& owners)
    : owners_(owners), counts_(cohort.size(), 0), lacking_(owners.size()) {}

void HolderCount::Add(const Cohort& cohort, Position holder) {
  // Who holds a site's shares is who shares with it: the relation is symmetric.
  for (const Position owner : cohort.graph().Holders(holder)) {
    if (++counts_[owner] == cohort.threshold() && owners_.Has(owner)) --lacking_;
  }
}

}  // namespace cairn::secagg
