#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/certificate.h"
#include "privacy/crypto/keys.h"
#include "privacy/crypto/peer_identity.h"

namespace cairn {

enum class MemberState : std::uint8_t { kActive = 1, kSuspended = 2, kRevoked = 3 };
std::string_view ToString(MemberState state);  // "active"

struct RosterMember {
  std::string name;
  PeerRole role = PeerRole::kSite;
  VerifyKey signing_key;
  Sha256Digest tls_key;  // SHA-256 of the SubjectPublicKeyInfo it was approved with
  MemberState state = MemberState::kActive;
  friend bool operator==(const RosterMember&, const RosterMember&) = default;
};

// Who belongs to a federation, as its root key says. What the root has not signed does not count: a
// stolen aggregator can refuse members but never make one. It replaces revocation lists.
//
//   file = text "cairn-roster-1", text federation, u64 version, i64 valid until, u32 n,
//          n × {text name, u8 role, signing key (32), TLS key hash (32), u8 state}, Ed25519 signature (64)
//   text = u32 size, bytes; little-endian; members ascending by name; the signature covers all before it
struct Roster {
  std::string federation;
  std::uint64_t version = 0;  // from 1; never goes down
  UnixTime valid_until;
  std::vector<RosterMember> members;  // ascending by name, each name once

  const RosterMember* Find(std::string_view name) const;  // null when unknown
  // The active member that aggregates: its signing key says what the sites of a masked round hear is from it.
  // Null when the roster names none.
  const RosterMember* Aggregator() const;
  // Adds, or replaces the line of that name; keeps the order. Version and signature are the caller's.
  void Put(RosterMember member);
  friend bool operator==(const Roster&, const Roster&) = default;
};

// Errors: kRosterSignature for a roster that no reader would accept (names, order, version 0).
Result<Bytes> SignRoster(const Roster& roster, const RootKey& root_key);

struct RosterTrust {
  VerifyKey root_key;
  std::string federation;
  std::uint64_t lowest_version = 0;  // the highest version seen so far
  UnixTime now;
};
// Errors: kRosterSignature (damaged, foreign, out of date), kFederationMismatch, kRosterRollback.
Result<Roster> VerifyRoster(std::span<const std::byte> file, const RosterTrust& trust);

// May this bearer of a verified certificate act now? kFederationMismatch, kNameUnknown, kWrongRole,
// kMemberRevoked, each with the roster's version in its text.
Status CheckMember(const Roster& roster, const PeerIdentity& peer);

}  // namespace cairn
