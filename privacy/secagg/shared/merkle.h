#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/sha256.h"
#include "privacy/crypto/text_codec.h"

namespace cairn::secagg {

// The Merkle tree of RFC 6962 section 2.1: leaf SHA-256(0x00 ‖ data), node SHA-256(0x01 ‖ left ‖ right); the
// root of no leaf is SHA-256 of nothing.
Sha256Digest MerkleLeaf(std::span<const std::byte> data);
Sha256Digest MerkleRoot(std::span<const Sha256Digest> leaves);

// All nodes of one tree, so that each of n sites gets its own proof without hashing n leaves again. A value;
// 64 bytes a leaf.
class MerkleTree {
 public:
  explicit MerkleTree(std::vector<Sha256Digest> leaves);

  const Sha256Digest& root() const { return root_; }
  // One compact proof for several leaves (ascending): the roots of the largest subtrees that hold none of
  // them, in the order a depth-first walk from the left meets them.
  std::vector<Sha256Digest> Proof(std::span<const std::size_t> wanted) const;

 private:
  std::vector<std::vector<Sha256Digest>> levels_;  // [0] the leaves; an odd last node goes up as it is
  Sha256Digest root_;
};

// The same proof from the leaves alone.
std::vector<Sha256Digest> MerkleProof(std::span<const Sha256Digest> leaves,
                                      std::span<const std::size_t> wanted);  // ascending
// The root that `wanted` (ascending indices) and their leaves give with the proof, in a tree of n leaves.
// Costs time in proportion to the proof, not to n. kSecAggMessage when the proof is too short or too long,
// and when `wanted` is not ascending below n.
Result<Sha256Digest> MerkleRootFromProof(std::size_t n, std::span<const std::size_t> wanted,
                                         std::span<const Sha256Digest> leaves,
                                         std::span<const Sha256Digest> proof);

}  // namespace cairn::secagg
