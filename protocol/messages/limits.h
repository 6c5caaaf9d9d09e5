#pragma once

#include <cstddef>
#include <cstdint>

// What bytes from outside may ask of us. A decoder checks size first, then shape, then range; every
// bound below is checked before anything is allocated for the thing it bounds.

namespace cairn {

inline constexpr std::size_t kMaxControlBytes = std::size_t{1} << 20;  // one encoded message
inline constexpr int kMaxRecursion = 16;
inline constexpr std::size_t kMaxChunkBytes = std::size_t{1} << 20;     // payload of one chunk
inline constexpr std::uint64_t kMaxBlobBytes = std::uint64_t{1} << 38;  // one object
inline constexpr std::size_t kMaxNameBytes = 256;
inline constexpr std::size_t kMaxReasonBytes = 4096;
inline constexpr std::size_t kMaxTomlBytes = std::size_t{256} << 10;  // a schema, a data set's table
inline constexpr std::size_t kMaxHyperEntries = 64;
inline constexpr std::size_t kMaxHyperListEntries = 256;
inline constexpr std::size_t kMaxFreezePatterns = 256;
inline constexpr std::size_t kMaxCapabilities = 32;
inline constexpr std::uint32_t kMaxClasses = 256;  // of metrics
inline constexpr std::int64_t kMaxRows = std::int64_t{1} << 40;
inline constexpr std::uint32_t kMaxRounds = 1'000'000;

// A caller may ask for less than the bounds above.
struct DecodeLimits {
  std::size_t max_bytes = kMaxControlBytes;
  std::uint64_t max_blob_bytes = kMaxBlobBytes;
};

}  // namespace cairn
