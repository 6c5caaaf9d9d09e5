#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include "privacy/crypto/chained_log.h"
#include "privacy/crypto/file_io.h"

// The bytes of a chained log and of its head file. For the .cc files of this folder only.

namespace cairn::log_format {

inline constexpr std::size_t kFileHeader = 12, kRecordHeader = 4 + 2 + 8 + 32, kCheck = 4, kSlot = 44,
                             kSlotStride = 64;

Bytes FileHeader();
LogHead EmptyHead(std::string_view label);
// The record's bytes and the head after it.
std::pair<Bytes, LogHead> EncodeRecord(const LogHead& before, std::uint16_t type,
                                       std::span<const std::byte> payload);

Bytes EncodeSlot(const LogHead& head);
std::uint64_t SlotOffset(const LogHead& head);
// The newest whole slot; nothing when neither is.
std::optional<LogHead> ReadHeadFile(std::span<const std::byte> file);

// Where a walk over a log's bytes ended.
struct WalkEnd {
  LogHead head;
  std::uint64_t offset = 0;  // of the first byte after the last whole record
  bool whole = true;         // nothing follows it
};
// Stops at the first record that is not whole and well chained. Errors: the visitor's; kStorageIo;
// kStorageCorrupt for a wrong file header, and when a head in must_contain is not in the chain.
Result<WalkEnd> Walk(const std::filesystem::path& path, int fd, std::uint64_t size, std::string_view label,
                     const LogVisitor& visit, std::span<const LogHead> must_contain);

}  // namespace cairn::log_format
