#include "privacy/secagg/shared/merkle.h"

#include <gtest/gtest.h>

#include <numeric>

#include "core/base/random.h"
#include "privacy/crypto/transcript.h"
#include "tests/testing/fixed_bytes.h"

namespace cairn::secagg {
namespace {

using Indices = std::vector<std::size_t>;
using Digests = std::vector<Sha256Digest>;

Digests Leaves(std::size_t n) {
  Digests leaves;
  for (std::uint32_t i = 0; i < n; ++i) leaves.push_back(MerkleLeaf(TranscriptWriter().U32(i).bytes()));
  return leaves;
}

Digests Chosen(const Digests& leaves, const Indices& wanted) {
  Digests chosen;
  for (const std::size_t index : wanted) chosen.push_back(leaves[index]);
  return chosen;
}

Indices DrawnSubset(RandomStream& random, std::size_t n, std::uint64_t one_in) {
  Indices wanted;
  for (std::size_t i = 0; i < n; ++i) {
    if (random.Below(one_in) == 0) wanted.push_back(i);
  }
  return wanted;
}

// RFC 6962 section 2.1, word for word: the oracle.
Sha256Digest RecursiveRoot(std::span<const Sha256Digest> leaves) {
  if (leaves.empty()) return Sha256::Of("");
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (2 * k < leaves.size()) k *= 2;
  const Sha256Digest left = RecursiveRoot(leaves.first(k)), right = RecursiveRoot(leaves.subspan(k));
  return TranscriptWriter().U8(1).Fixed(left.bytes).Fixed(right.bytes).Digest();
}

TEST(MerkleTest, GivesTheVectorsOfRfc6962AndOfTheSpecification) {
  EXPECT_EQ(MerkleRoot({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(MerkleLeaf({}).hex(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  Digests leaves;
  for (std::uint32_t i = 0; i < 3; ++i) {
    leaves.push_back(
        MerkleLeaf(TranscriptWriter().U32(i).Fixed(Bytes(32, static_cast<std::byte>(i))).bytes()));
  }
  EXPECT_EQ(MerkleRoot(leaves).hex(), "7678ff9fc136141917cfc2a1648842379cec3231e5c5fa1a64936c065dc38aa3");
}

TEST(MerkleTest, RootIsThatOfTheRecursiveDefinition) {
  for (std::size_t n = 0; n <= 70; ++n) EXPECT_EQ(MerkleRoot(Leaves(n)), RecursiveRoot(Leaves(n))) << n;
}

TEST(MerkleTest, ProofOfOneLeafIsTheAuditPathOfRfc6962) {
  const Digests leaves = Leaves(7);
  const std::span all(leaves);
  // Section 2.1.3 for d0, d3, d4 and d6 of seven: here in the order of a walk from the left.
  EXPECT_EQ(MerkleProof(leaves, Indices{0}),
            (Digests{leaves[1], MerkleRoot(all.subspan(2, 2)), MerkleRoot(all.subspan(4))}));
  EXPECT_EQ(MerkleProof(leaves, Indices{3}),
            (Digests{MerkleRoot(all.first(2)), leaves[2], MerkleRoot(all.subspan(4))}));
  EXPECT_EQ(MerkleProof(leaves, Indices{4}), (Digests{MerkleRoot(all.first(4)), leaves[5], leaves[6]}));
  EXPECT_EQ(MerkleProof(leaves, Indices{6}),
            (Digests{MerkleRoot(all.first(4)), MerkleRoot(all.subspan(4, 2))}));
}

TEST(MerkleTest, ProofsOfRandomSubsetsGiveTheRoot) {
  RandomStream random = SeededRandom(6).Open({Purpose::kTest, 1});
  for (std::size_t n = 1; n <= 130; ++n) {
    const Digests leaves = Leaves(n);
    const MerkleTree tree(leaves);
    for (const std::uint64_t one_in : {1u, 2u, 5u, 40u}) {
      const Indices wanted = DrawnSubset(random, n, one_in);
      const Digests proof = tree.Proof(wanted);
      const auto root = MerkleRootFromProof(n, wanted, Chosen(leaves, wanted), proof);
      ASSERT_TRUE(root.ok()) << root.status().ToString();
      EXPECT_EQ(*root, tree.root()) << wanted.size() << " of " << n;
    }
  }
}

TEST(MerkleTest, EveryFlippedBitOfProofOrLeafGivesAnotherRoot) {
  const Digests leaves = Leaves(13);
  const Indices wanted{1, 4, 5, 12};
  const Digests chosen = Chosen(leaves, wanted), proof = MerkleProof(leaves, wanted);
  const Sha256Digest root = MerkleRoot(leaves);
  for (std::size_t bit = 0; bit < 256; ++bit) {
    const auto flip = static_cast<std::byte>(1 << bit % 8);
    for (std::size_t i = 0; i < proof.size(); ++i) {
      Digests broken = proof;
      broken[i].bytes[bit / 8] ^= flip;
      EXPECT_NE(MerkleRootFromProof(13, wanted, chosen, broken).value(), root);
    }
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      Digests broken = chosen;
      broken[i].bytes[bit / 8] ^= flip;
      EXPECT_NE(MerkleRootFromProof(13, wanted, broken, proof).value(), root);
    }
  }
}

TEST(MerkleTest, ShortLongAndShuffledProofsAreRefusedOrGiveAnotherRoot) {
  RandomStream random = SeededRandom(8).Open({Purpose::kTest, 1});
  for (std::size_t n = 2; n <= 60; ++n) {
    const Digests leaves = Leaves(n);
    const Indices wanted = DrawnSubset(random, n, 3);
    const Digests chosen = Chosen(leaves, wanted), proof = MerkleProof(leaves, wanted);
    for (std::size_t size = 0; size < proof.size(); ++size) {
      const auto cut = MerkleRootFromProof(n, wanted, chosen, std::span(proof).first(size));
      EXPECT_EQ(cut.status().id(), errors::kSecAggMessage) << n;
    }
    Digests longer = proof;
    longer.push_back(leaves[0]);
    EXPECT_EQ(MerkleRootFromProof(n, wanted, chosen, longer).status().id(), errors::kSecAggMessage) << n;
    for (std::size_t i = 1; i < proof.size(); ++i) {
      Digests shuffled = proof;
      std::swap(shuffled[i - 1], shuffled[i]);
      EXPECT_NE(MerkleRootFromProof(n, wanted, chosen, shuffled).value(), MerkleRoot(leaves)) << n;
    }
  }
}

TEST(MerkleTest, LeavesOutOfOrderTwiceOrBeyondTheTreeAreRefused) {
  const Digests leaves = Leaves(5), two = Leaves(2);
  for (const Indices& wanted : {Indices{1, 1}, Indices{2, 1}, Indices{4, 5}, Indices{1}, Indices{0, 1, 2}}) {
    EXPECT_EQ(MerkleRootFromProof(5, wanted, two, leaves).status().id(), errors::kSecAggMessage);
  }
  EXPECT_EQ(MerkleRootFromProof(0, {}, {}, {}).value(), MerkleRoot({}));
  EXPECT_EQ(MerkleRootFromProof(0, {}, {}, leaves).status().id(), errors::kSecAggMessage);
  EXPECT_DEATH((void)MerkleProof(leaves, Indices{5}), "leaves of the tree");
}

TEST(MerkleTest, AHugeClaimedTreeCostsOnlyTheProof) {
  const Indices wanted{0, 1'000'000'000'000};
  EXPECT_FALSE(MerkleRootFromProof(std::size_t{1} << 60, wanted, Leaves(2), Leaves(3)).ok());
}

}  // namespace
}  // namespace cairn::secagg
