#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/keys.h"
#include "privacy/crypto/sha256.h"
#include "privacy/crypto/text_codec.h"
#include "privacy/secagg/shared/graph.h"
#include "privacy/secagg/shared/grid.h"

namespace cairn::secagg {

inline constexpr std::uint32_t kSuite = 1;  // CAIRN-SECAGG-1: X25519, Ed25519, HKDF-SHA256, AES-256, GF(2^8)

// Everything one attempt at one masked sum is bound to. Each party fills it from its own copies: approved
// manifest, received model, pinned roster. Two parties with equal terms have equal round contexts; keys,
// masks and signatures of any other context do not fit.
struct Terms {
  std::uint32_t suite = kSuite;
  std::string federation;
  std::uint64_t job = 0;
  Sha256Digest manifest;
  std::uint64_t roster_version = 0;
  Sha256Digest roster;
  VerifyKey aggregator;
  std::uint64_t round = 0;
  std::uint32_t attempt = 0;
  Sha256Digest model;         // SHA-256 of the global model's bytes
  Sha256Digest architecture;  // of the model's definition
  std::uint64_t layout_hash = 0;
  std::vector<Section> sections;
  Ring ring = Ring::k32;
  std::uint8_t weight_bits = 0;  // f_w
  std::uint32_t weight_cap = 0;
  std::uint32_t group = 0;     // 0: one cohort; i: the i-th group of a grouped job
  std::uint32_t k = 0, t = 0;  // 0, 0: complete graph, the rule decides
  std::uint32_t n_min = 3, n_max = 0;
  Sha256Digest dp_event;  // zero: none
  friend bool operator==(const Terms&, const Terms&) = default;

  std::uint64_t words() const;      // Σ section lengths
  std::uint64_t byte_size() const;  // words · r / 8
};

Sha256Digest RoundContext(const Terms& terms);  // rc: the hash of
Bytes RoundContextBytes(const Terms& terms);    // these

// What those bytes say for people: which attempt, under which roster, by whom.
struct AttemptNames {
  std::string federation;
  std::uint64_t job = 0, round = 0;
  std::uint32_t attempt = 0, group = 0;
  Sha256Digest manifest, roster, model;
  std::uint64_t roster_version = 0;
  VerifyKey aggregator;
};
Result<AttemptNames> ReadRoundContext(std::span<const std::byte> bytes);  // kSecAggEvidence

// What a site insists on whatever the aggregator says.
struct Floors {
  std::uint32_t min_cohort = 4;  // ≥ 3; for U1, U2 and U3
  // Of U2 and U3 alone: what each site's share of noise was made for. Other than min_cohort it is no distance
  // that two sums must keep.
  std::uint32_t least_survivors = 0;
  std::uint32_t job_members = 0;  // of a job whose cohort is "all": 2·|U1| must exceed it; 0: sampled cohorts
  // What a regular graph has to withstand. A site's policy may ask for more than the default, never for less;
  // tests that want small graphs say so here.
  GraphAssumptions graph = {};
};

// max(min_cohort, least_survivors, ⌊2·u1/3⌋ + 1)
std::uint32_t SmallestSurvivors(std::size_t u1, const Floors& floors);

// Suite, ring, no-wrap of every section and of the weight, n_min ≥ max(3, floor), n_min ≤ n_max, graph
// (complete: k = t = 0 and n_max ≤ 128; regular: k even ≤ 254, k < n_min, t > 2k/3, and (k, t) no weaker than
// GraphParameters::Compute under the floors' assumptions at n_min and n_max). Errors: kSecAggTerms,
// kSecAggWrap, kSecAggFloor.
Status CheckTerms(const Terms& terms, const Floors& floors);

}  // namespace cairn::secagg
