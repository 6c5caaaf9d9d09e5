#pragma once

#include <utility>

#include "privacy/crypto/sha256.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// What a complaint is about: a sealed share and its hashes as they were delivered, whoever the two sites are.
inline Sha256Digest EvidenceOf(const SealedShare& share) {
  Sha256 hash;
  hash.Update(share.sealed).Update(share.mask_key_hash.bytes).Update(share.self_mask_hash.bytes);
  return std::move(hash).Finish();
}

}  // namespace cairn::secagg
