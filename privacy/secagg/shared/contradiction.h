#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/result.h"
#include "privacy/crypto/keys.h"
#include "privacy/crypto/sha256.h"
#include "privacy/crypto/text_codec.h"
#include "privacy/secagg/shared/site_set.h"

// What an aggregator that shows different sites different things can be caught with: two statements, both
// signed by it, that one attempt has room for only one of. Plain data and pure functions. None of it is
// secret: public keys are in it by their hash, and neither shares nor vectors are.

namespace cairn::secagg {

struct CohortView {  // what `cohort` signs
  std::uint32_t n = 0;
  Sha256Digest root;                                   // over the adverts
  SiteSet members;                                     // of a regular graph alone
  Sha256Digest Context(const Sha256Digest& rc) const;  // cc
  friend bool operator==(const CohortView&, const CohortView&) = default;
};
struct SignedCohort {
  CohortView view;
  Signature signature;
  friend bool operator==(const SignedCohort&, const SignedCohort&) = default;
};
struct SignedSet {
  SiteSet set;
  Signature signature;
  friend bool operator==(const SignedSet&, const SignedSet&) = default;
};

struct TwoCohorts {
  SignedCohort first, second;
  friend bool operator==(const TwoCohorts&, const TwoCohorts&) = default;
};
struct TwoDeliveries {  // two sets of sites that shared
  CohortView cohort;
  SignedSet first, second;
  friend bool operator==(const TwoDeliveries&, const TwoDeliveries&) = default;
};
struct TwoSurvivors {
  CohortView cohort;
  SiteSet u2;
  SignedSet first, second;
  friend bool operator==(const TwoSurvivors&, const TwoSurvivors&) = default;
};

struct Contradiction {
  Bytes context;  // RoundContextBytes: what was attempted, and whose hash all the signatures are bound to
  std::variant<TwoCohorts, TwoDeliveries, TwoSurvivors> statements;
  friend bool operator==(const Contradiction&, const Contradiction&) = default;
};

// Of a file:
//   text "cairn-contradiction-1", blob context, u8 kind, then by kind
//   1: 2 × {view, signature (64)} · 2: view, 2 × {set, signature} · 3: view, set U2, 2 × {set, signature}
//   view = u32 n, root (32), set · set = u32 universe, blob bitmap
// One value, one encoding; at most kMaxContradictionBytes. kSecAggEvidence for anything else.
inline constexpr std::size_t kMaxContradictionBytes = 256 << 10;
Bytes EncodeContradiction(const Contradiction& contradiction);
Result<Contradiction> DecodeContradiction(std::span<const std::byte> file);

// Proof, for whoever believes that the key is the aggregator's: its context names this key, the two
// statements differ, and the key signed both. kSecAggEvidence says what is missing.
Status CheckContradiction(const Contradiction& contradiction, const VerifyKey& aggregator);

// "cohorts", "sets of sites that shared", "sets of survivors": what there are two of.
std::string_view NameOf(const Contradiction& contradiction);
// The two statements, for people: "4 sites, adverts 9f2c…" or "5 of 6 sites: 0 1 2 3 4".
std::pair<std::string, std::string> WordsOf(const Contradiction& contradiction);

}  // namespace cairn::secagg
