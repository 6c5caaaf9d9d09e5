#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/sha256.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/graph.h"
#include "privacy/secagg/shared/merkle.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// U1 as the aggregator has it: who stands where, under which context, in which graph. A value, fixed when R0
// closes.
class Cohort {
 public:
  // `adverts` ascending by member. Draws the root, signs for it, and makes the graph that it gives.
  static Result<Cohort> Form(const Attempt& attempt, std::vector<PlacedAdvert> adverts);

  std::size_t size() const { return adverts_.size(); }
  const Sha256Digest& context() const { return context_; }  // cc
  const Graph& graph() const { return graph_; }
  std::uint32_t threshold() const { return threshold_; }    // t
  std::uint32_t smallest_sum() const { return smallest_; }  // u3_min
  const PlacedAdvert& at(Position position) const { return adverts_[position]; }
  std::uint32_t MemberAt(Position position) const { return adverts_[position].member; }
  std::optional<Position> PositionOf(std::uint32_t member) const;
  std::vector<std::uint32_t> MembersAt(const SiteSet& positions) const;
  // The position; kSecAggMember for a member outside of `among`, whose name in messages is `what`.
  Result<Position> Require(const Attempt& attempt, std::uint32_t member, const SiteSet& among,
                           const std::string& what) const;

  CohortMessage MessageFor(Position position) const;

 private:
  explicit Cohort(Graph graph, MerkleTree tree) : graph_(std::move(graph)), tree_(std::move(tree)) {}
  std::vector<PlacedAdvert> adverts_;
  Graph graph_;
  MerkleTree tree_;
  SiteSet members_;  // over the roster; empty when complete
  Sha256Digest context_;
  Signature signature_;
  std::uint32_t threshold_ = 0, smallest_ = 0;
};

// Counts, for each site of a set, how many of its holders have done something. A sum can be unmasked when
// every site of U2 has t holders who answer, so each phase closes on this count.
class HolderCount {
 public:
  HolderCount() = default;
  HolderCount(const Cohort& cohort, const SiteSet& owners);
  void Add(const Cohort& cohort, Position holder);  // once a holder
  bool all_reach_threshold() const { return lacking_ == 0; }
  std::uint32_t of(Position owner) const { return counts_[owner]; }

 private:
  SiteSet owners_;
  std::vector<std::uint32_t> counts_;
  std::size_t lacking_ = 0;
};

}  // namespace cairn::secagg
