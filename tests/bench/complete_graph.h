#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "privacy/crypto/agreement.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/crypto/sha256.h"
#include "privacy/secagg/server/unmask_work.h"
#include "privacy/secagg/shared/derive.h"
#include "tests/bench/wide_shamir.h"

// The computing of the semi-honest protocol on graphs that the product refuses, with the product's own
// primitives and without signatures, for figures that compare with published ones: the complete graph of more
// than 128 sites, and regular ones whose threshold is a majority only. No messages, no checks but those on
// secrets.

namespace cairn::secagg {

// All that one site computes in an attempt, from its keys to its answer.
class CompleteClient {
 public:
  explicit CompleteClient(std::uint32_t n);  // site 0 of n; makes what the others send it

  struct Phases {
    double deal = 0, open = 0, mask = 0;
    double total() const { return deal + open + mask; }
  };
  Phases Run(std::span<std::uint32_t> words);

 private:
  struct Peer {
    AgreementPublic share_key, mask_key;
    std::array<std::byte, kSealedShareBytes> from_it;
    Sha256Digest hashes[2];
  };
  PairEnd Here(const AgreementPublic& key) const { return {0, key}; }

  Sha256Digest cc_;
  ShareKey share_key_ = ShareKey::Generate();
  MaskKey mask_key_ = MaskKey::Generate();
  std::vector<Peer> peers_;  // 1 … n − 1
};

// What the aggregator computes once every answer is there: secrets from their shares, checked, and the keys
// of all masks left in the sum. Site i is lost when i < lost. k 0: everybody is everybody's neighbour; else
// the next k on a ring.
class CompleteServer {
 public:
  CompleteServer(std::uint32_t n, std::uint32_t k, std::uint32_t lost);

  UnmaskWork Reconstruct(const ParallelFor& lanes) const;
  std::uint64_t agreements() const { return agreements_; }
  std::uint64_t masks() const;

 private:
  struct Site {
    SecretBytes shares;  // threshold blocks: of s, then of b
    AgreementPublic mask_key;
    Sha256Digest commitment;
  };
  std::vector<std::uint32_t> SurvivingNeighbours(std::uint32_t lost_site) const;

  std::uint32_t n_, k_, lost_, threshold_;
  std::uint64_t agreements_ = 0;
  Sha256Digest rc_, cc_;
  std::vector<Site> sites_;
};

}  // namespace cairn::secagg
