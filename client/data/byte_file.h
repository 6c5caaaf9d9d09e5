#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"

// Whole files in and out. A data set is read once, before training, so there is nothing to stream.

namespace cairn {

// More than any file a reader accepts, gzip unpacked; what lies above is refused before it is held.
inline constexpr std::uint64_t kMaxDataBytes = std::uint64_t{4} << 30;

// The bytes of the file, unpacked where they are gzip (recognised by content, not by name).
// kDataNotFound, kStorageIo, kGzipDamaged.
Result<std::string> ReadDataFile(const std::string& path, std::uint64_t limit = kMaxDataBytes);

// Unpacks gzip, also of several members; other bytes come back unchanged. `name` is for messages.
Result<std::string> UnpackIfGzip(std::string bytes, const std::string& name,
                                 std::uint64_t limit = kMaxDataBytes);

// Writes through a temporary file beside the target, synced and renamed, so that a reader sees the
// old file or the whole new one. `write` hands pieces to the sink it is given; its error leaves the
// target untouched. kStorageIo, kStorageFull.
using ByteSink = std::function<Status(std::string_view)>;
Status WriteFileAtomically(const std::string& path, const std::function<Status(const ByteSink&)>& write);

}  // namespace cairn
