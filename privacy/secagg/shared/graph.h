#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/sha256.h"
#include "privacy/secagg/shared/site_set.h"

namespace cairn::secagg {

// Fractions a k-regular graph is sized for, and the exponent of the failure probability.
struct GraphAssumptions {
  double colluding = 0.10, dropping = 0.10;
  int security_bits = 80;
};

// k neighbours a site, t shares that open a secret. k = 0: the complete graph, where every site of U1 (the
// owner too) holds a share and t = ⌊2n/3⌋ + 1.
struct GraphParameters {
  std::uint32_t k = 0, t = 0;

  // Smallest even k with a t > 2k/3 such that n · P[X ≥ 2t − k] < 2^−s and n · P[Y < t] < 2^−30, and the
  // smallest such t (secure aggregation page, "Parameters"). Among a site's k neighbours, drawn from the n −
  // 1 others, X are of the ⌊γn⌋ that collude and Y of the n − 1 − ⌊δn⌋ that do not drop out: hypergeometric,
  // tails in log space. kJobRefused when k > 254, the shares of GF(2^8), would be needed.
  static Result<GraphParameters> Compute(std::size_t n, const GraphAssumptions& assumptions);
  // OK when this pair holds for n sites: t > 2k/3 and both tails as above. Any k ≤ 254, also an odd one.
  Status Check(std::size_t n, const GraphAssumptions& assumptions) const;
  friend bool operator==(const GraphParameters&, const GraphParameters&) = default;
};

std::uint32_t CompleteThreshold(std::size_t n);  // ⌊2n/3⌋ + 1
inline constexpr std::size_t kMaxComplete = 128;

// Who shares masks and holds shares with whom. A pure function of (n, k, cohort context). 8 bytes a site in
// the regular graph: a process that plays many sites keeps one graph, not one a site.
class Graph {
 public:
  // `k` 0 for the complete graph. k even, k < n, k ≤ 254; 3 ≤ n, at most 128 when complete (kJobRefused).
  static Result<Graph> Make(std::size_t n, std::uint32_t k, const Sha256Digest& cohort_context);

  std::size_t size() const { return n_; }
  bool is_complete() const { return k_ == 0; }
  std::uint32_t threshold(std::uint32_t t_of_terms) const {
    return k_ == 0 ? CompleteThreshold(n_) : t_of_terms;
  }
  // Sites a mask is shared with: ascending, without p itself.
  std::vector<Position> Neighbours(Position p) const;
  // Sites that hold shares of p's secrets: ascending. Complete: all, p included; regular: the neighbours.
  std::vector<Position> Holders(Position p) const;
  // x coordinate of `holder` among Holders(owner), 1 … ; nothing when it is none.
  std::optional<std::uint8_t> ShareIndex(Position owner, Position holder) const;

 private:
  std::size_t n_ = 0;
  std::uint32_t k_ = 0;
  std::vector<Position> ring_, place_;  // π and its inverse; empty when complete
};

// SHA-256(T(graph; cc)) and the permutation of 0 … n − 1 that AES-256-CTR under it draws (Fisher–Yates,
// words rejected above the largest multiple).
Sha256Digest GraphSeed(const Sha256Digest& cohort_context);
// SHA-256(T(group; manifest hash, roster hash)): of the permutation that a grouped job is cut from.
Sha256Digest GroupSeed(const Sha256Digest& manifest, const Sha256Digest& roster);
std::vector<Position> GraphPermutation(std::size_t n, const Sha256Digest& seed);

}  // namespace cairn::secagg
