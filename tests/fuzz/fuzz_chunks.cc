// A hostile sender of chunks. The input is a script: each step is an offset, a length, a switch for
// the checksum and bytes. Whatever comes, the object is whole only with exactly its bytes.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/check.h"
#include "core/base/crc32c.h"
#include "protocol/messages/blob_ref.h"
#include "protocol/transport/chunks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;  // NOLINT: a program of its own
  static const std::array<std::byte, 64> object = {std::byte{1}, std::byte{2}};
  const BlobRef ref = BlobRefOf(object);
  std::vector<std::byte> out(object.size());
  ChunkAssembler assembler(ref, NewMemoryWriter(ref, out));
  auto script = std::as_bytes(std::span(data, size));
  while (script.size() >= 3) {
    const auto offset = static_cast<std::uint64_t>(script[0]) << (static_cast<unsigned>(script[2]) & 0x3e);
    const bool is_honest = (static_cast<unsigned>(script[2]) & 1) != 0;
    const std::size_t length = std::min<std::size_t>(static_cast<std::size_t>(script[1]), script.size() - 3);
    const auto bytes = script.subspan(3, length);
    script = script.subspan(3 + length);
    const auto verdict =
        assembler.Accept({.offset = offset, .crc32c = is_honest ? Crc32c(bytes) : 0, .data = bytes});
    if (!verdict.ok()) break;
    CAIRN_CHECK(assembler.held() <= ref.size, "never more than the object");
    if (*verdict != ChunkVerdict::kWhole) continue;
    CAIRN_CHECK(std::ranges::equal(out, object), "whole means these bytes");
    break;
  }
  return 0;
}
