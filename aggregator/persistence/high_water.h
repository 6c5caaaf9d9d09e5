#pragma once

#include <cstdint>
#include <filesystem>

#include "core/base/result.h"
#include "privacy/crypto/sha256.h"

namespace cairn {

// How far the journal had come when it was last known to be whole. SQLite does not notice a lost
// tail of its write-ahead log; this small file beside it does. Replaced atomically: after a crash it
// holds the old mark or the new one.
struct HighWaterMark {
  std::uint64_t sequence = 0;
  Sha256Digest head;  // hash of the chain up to and including that record
  friend bool operator==(const HighWaterMark&, const HighWaterMark&) = default;
};

Result<HighWaterMark> ReadHighWater(const std::filesystem::path& path);  // zero where there is no file yet
Status WriteHighWater(const std::filesystem::path& path, const HighWaterMark& mark);  // durable on return

}  // namespace cairn
