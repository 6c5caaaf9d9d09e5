#include "privacy/secagg/shared/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>

#include "core/base/check.h"

namespace cairn::secagg {
namespace {

using Indices = std::span<const std::size_t>;

Sha256Digest Node(const Sha256Digest& left, const Sha256Digest& right) {
  std::array<std::byte, 65> bytes{std::byte{1}};
  std::copy(left.bytes.begin(), left.bytes.end(), bytes.begin() + 1);
  std::copy(right.bytes.begin(), right.bytes.end(), bytes.begin() + 33);
  return Sha256::Of(bytes);
}

std::vector<Sha256Digest> LevelAbove(std::span<const Sha256Digest> level) {
  std::vector<Sha256Digest> above;
  above.reserve(level.size() / 2 + 1);
  for (std::size_t i = 0; i + 1 < level.size(); i += 2) above.push_back(Node(level[i], level[i + 1]));
  if (level.size() % 2 != 0) above.push_back(level.back());
  return above;
}

bool IsAscendingBelow(Indices wanted, std::size_t n) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] >= n || (i > 0 && wanted[i - 1] >= wanted[i])) return false;
  }
  return true;
}

// Where the wanted leaves of the right half begin, for a subtree that starts at `begin` and splits at `half`.
std::size_t CountBelow(Indices wanted, std::size_t end) {
  return static_cast<std::size_t>(std::lower_bound(wanted.begin(), wanted.end(), end) - wanted.begin());
}

// The largest power of two below the size: where RFC 6962 splits.
std::size_t SplitOf(std::size_t size) { return std::bit_floor(size - 1); }

class ProofReader {
 public:
  ProofReader(std::span<const Sha256Digest> leaves, std::span<const Sha256Digest> proof)
      : leaves_(leaves), proof_(proof) {}

  Sha256Digest Subtree(std::size_t begin, std::size_t size, Indices wanted) {
    if (wanted.empty()) return Take(proof_);
    if (size == 1) return Take(leaves_);
    const std::size_t half = SplitOf(size), split = CountBelow(wanted, begin + half);
    const Sha256Digest left = Subtree(begin, half, wanted.first(split));
    return Node(left, Subtree(begin + half, size - half, wanted.subspan(split)));
  }

  bool is_used_up() const { return !is_short_ && leaves_.empty() && proof_.empty(); }

 private:
  Sha256Digest Take(std::span<const Sha256Digest>& from) {
    if (from.empty()) {
      is_short_ = true;
      return {};
    }
    const Sha256Digest first = from.front();
    from = from.subspan(1);
    return first;
  }

  std::span<const Sha256Digest> leaves_, proof_;
  bool is_short_ = false;
};

class ProofWriter {
 public:
  explicit ProofWriter(const std::vector<std::vector<Sha256Digest>>& levels) : levels_(levels) {}

  void Walk(std::size_t level, std::size_t index, Indices wanted) {
    if (wanted.empty()) {
      proof_.push_back(levels_[level][index]);
      return;
    }
    if (level == 0) return;
    const std::size_t left = 2 * index, right = left + 1;
    if (right == levels_[level - 1].size()) return Walk(level - 1, left, wanted);  // went up as it was
    const std::size_t split = CountBelow(wanted, right << (level - 1));
    Walk(level - 1, left, wanted.first(split));
    Walk(level - 1, right, wanted.subspan(split));
  }

  std::vector<Sha256Digest> Take() && { return std::move(proof_); }

 private:
  const std::vector<std::vector<Sha256Digest>>& levels_;
  std::vector<Sha256Digest> proof_;
};

}  // namespace

Sha256Digest MerkleLeaf(std::span<const std::byte> data) {
  const std::array<std::byte, 1> leaf{std::byte{0}};
  return std::move(Sha256().Update(leaf).Update(data)).Finish();
}

Sha256Digest MerkleRoot(std::span<const Sha256Digest> leaves) {
  return MerkleTree({leaves.begin(), leaves.end()}).root();
}

MerkleTree::MerkleTree(std::vector<Sha256Digest> leaves) {
  if (leaves.empty()) {
    root_ = Sha256::Of(std::string_view());
    return;
  }
  levels_.push_back(std::move(leaves));
  while (levels_.back().size() > 1) levels_.push_back(LevelAbove(levels_.back()));
  root_ = levels_.back().front();
}

std::vector<Sha256Digest> MerkleTree::Proof(Indices wanted) const {
  if (levels_.empty()) return {};
  CAIRN_CHECK(IsAscendingBelow(wanted, levels_.front().size()),
              "a proof is for leaves of the tree, ascending");
  ProofWriter writer(levels_);
  writer.Walk(levels_.size() - 1, 0, wanted);
  return std::move(writer).Take();
}

std::vector<Sha256Digest> MerkleProof(std::span<const Sha256Digest> leaves, Indices wanted) {
  return MerkleTree({leaves.begin(), leaves.end()}).Proof(wanted);
}

Result<Sha256Digest> MerkleRootFromProof(std::size_t n, Indices wanted, std::span<const Sha256Digest> leaves,
                                         std::span<const Sha256Digest> proof) {
  if (leaves.size() != wanted.size() || !IsAscendingBelow(wanted, n)) {
    return Status(errors::kSecAggMessage, "a Merkle proof is for " + std::to_string(wanted.size()) +
                                              " leaves out of order, or beyond the " + std::to_string(n));
  }
  if (n == 0 && proof.empty()) return MerkleRoot({});
  ProofReader reader(leaves, proof);
  const Sha256Digest root = n == 0 ? Sha256Digest{} : reader.Subtree(0, n, wanted);
  if (!reader.is_used_up()) {
    return Status(errors::kSecAggMessage, "a Merkle proof of " + std::to_string(proof.size()) +
                                              " nodes does not fit " + std::to_string(wanted.size()) +
                                              " of " + std::to_string(n) + " leaves");
  }
  return root;
}

}  // namespace cairn::secagg
