#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "privacy/crypto/certificate.h"
#include "privacy/crypto/enrolment.h"
#include "privacy/crypto/peer_identity.h"

namespace cairn {

// What the aggregator remembers of an invite: from `invite new` until the name is revoked.
struct InviteRecord {
  enum class State : std::uint8_t { kNew, kWaiting, kApproved };

  PeerRole role = PeerRole::kSite;
  UnixTime expires;
  Sha256Digest certificate;  // fingerprint of the bootstrap certificate: no other one enrols for this name
  State state = State::kNew;
  std::optional<EnrolledKeys> keys;  // bound since the first request
  std::string words;                 // five, while it waits
  UnixTime asked;                    // when the first request came
};

// The desk's memory, one JSON file. The keys in it are public ones.
struct EnrolmentRecords {
  std::uint64_t roster_version = 0;  // the highest ever signed here: an older roster file is a rollback
  std::map<std::string, InviteRecord> invites;  // by name
};

// Nothing there is an empty memory. kStorageCorrupt for a file that was not written by SaveRecords.
Result<EnrolmentRecords> LoadRecords(const std::filesystem::path& path);
Status SaveRecords(const std::filesystem::path& path, const EnrolmentRecords& records);  // atomic, durable

}  // namespace cairn
