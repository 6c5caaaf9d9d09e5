#include "privacy/crypto/log_format.h"

#include <algorithm>

#include "core/base/crc32c.h"
#include "privacy/crypto/transcript.h"

namespace cairn::log_format {
namespace {

constexpr std::string_view kMagic = "CAIRNLOG";
constexpr std::uint32_t kVersion = 1;

Bytes WithCheck(Bytes bytes) {
  TranscriptWriter writer;
  writer.Fixed(bytes).U32(Crc32c(bytes));
  return writer.bytes();
}

bool CheckHolds(std::span<const std::byte> bytes) {
  TranscriptReader check(bytes.last(kCheck));
  return check.U32() == Crc32c(bytes.first(bytes.size() - kCheck));
}

struct RecordHeader {
  std::uint32_t size = 0;
  std::uint16_t type = 0;
  LogHead before;  // sequence is that of the record itself
};

RecordHeader ReadHeader(std::span<const std::byte> bytes) {
  TranscriptReader reader(bytes);
  RecordHeader header;
  header.size = reader.U32();
  header.type = reader.U16();
  header.before.sequence = reader.U64();
  reader.FixedTo(header.before.hash.bytes);
  return header;
}

// The next whole record, its bytes in buffer; false at the end or at damage.
Result<bool> ReadRecord(const std::filesystem::path& path, int fd, std::uint64_t left, const LogHead& head,
                        Bytes& buffer) {
  if (left < kRecordHeader + kCheck) return false;
  buffer.resize(kRecordHeader);
  CAIRN_RETURN_IF_ERROR(ReadExactly(path, fd, buffer));
  const RecordHeader header = ReadHeader(buffer);
  const bool follows = header.before.sequence == head.sequence + 1 && header.before.hash == head.hash;
  if (!follows || header.size > ChainedLog::kMaxPayload || header.size > left - kRecordHeader - kCheck)
    return false;
  buffer.resize(kRecordHeader + header.size + kCheck);
  CAIRN_RETURN_IF_ERROR(ReadExactly(path, fd, std::span(buffer).subspan(kRecordHeader)));
  return CheckHolds(buffer);
}

Status CheckAnchors(const std::filesystem::path& path, const LogHead& head,
                    std::span<const LogHead> anchors) {
  for (const LogHead& anchor : anchors) {
    if (anchor.sequence == head.sequence && anchor.hash != head.hash) {
      return Status(errors::kStorageCorrupt, path.string() + ": record " + std::to_string(head.sequence) +
                                                 " has hash " + head.hash.short_hex() + ", expected " +
                                                 anchor.hash.short_hex());
    }
  }
  return {};
}

}  // namespace

Bytes FileHeader() { return TranscriptWriter().Fixed(AsBytes(kMagic)).U32(kVersion).bytes(); }

LogHead EmptyHead(std::string_view label) {
  return {0, TranscriptWriter("cairn-log-1").Text(label).Digest()};
}

std::pair<Bytes, LogHead> EncodeRecord(const LogHead& before, std::uint16_t type,
                                       std::span<const std::byte> payload) {
  TranscriptWriter writer;
  writer.U32(static_cast<std::uint32_t>(payload.size())).U16(type).U64(before.sequence + 1);
  writer.Fixed(before.hash.bytes).Fixed(payload);
  const LogHead after{before.sequence + 1, writer.Digest()};
  return {WithCheck(writer.bytes()), after};
}

Bytes EncodeSlot(const LogHead& head) {
  return WithCheck(TranscriptWriter().U64(head.sequence).Fixed(head.hash.bytes).bytes());
}

std::uint64_t SlotOffset(const LogHead& head) { return head.sequence % 2 * kSlotStride; }

std::optional<LogHead> ReadHeadFile(std::span<const std::byte> file) {
  std::optional<LogHead> newest;
  for (std::size_t offset = 0; offset + kSlot <= file.size() && offset <= kSlotStride;
       offset += kSlotStride) {
    const auto slot = file.subspan(offset, kSlot);
    if (!CheckHolds(slot)) continue;
    TranscriptReader reader(slot);
    LogHead head;
    head.sequence = reader.U64();
    reader.FixedTo(head.hash.bytes);
    if (SlotOffset(head) == offset && (!newest || head.sequence > newest->sequence)) newest = head;
  }
  return newest;
}

Result<WalkEnd> Walk(const std::filesystem::path& path, int fd, std::uint64_t size, std::string_view label,
                     const LogVisitor& visit, std::span<const LogHead> must_contain) {
  Bytes buffer(kFileHeader);
  if (size < kFileHeader) return Status(errors::kStorageCorrupt, path.string() + " has no file header");
  CAIRN_RETURN_IF_ERROR(ReadExactly(path, fd, buffer));
  if (buffer != FileHeader())
    return Status(errors::kStorageCorrupt, path.string() + " is no chained log of version 1");
  WalkEnd end{EmptyHead(label), kFileHeader, true};
  CAIRN_RETURN_IF_ERROR(CheckAnchors(path, end.head, must_contain));
  while (end.offset < size) {
    CAIRN_ASSIGN_OR_RETURN(const bool whole, ReadRecord(path, fd, size - end.offset, end.head, buffer));
    if (!whole) {
      end.whole = false;
      break;
    }
    const auto content = std::span(buffer).first(buffer.size() - kCheck);
    end.head = {end.head.sequence + 1, Sha256::Of(content)};
    end.offset += buffer.size();
    CAIRN_RETURN_IF_ERROR(CheckAnchors(path, end.head, must_contain));
    CAIRN_RETURN_IF_ERROR(
        visit({end.head.sequence, ReadHeader(content).type, content.subspan(kRecordHeader), end.head.hash}));
  }
  for (const LogHead& anchor : must_contain) {
    if (anchor.sequence > end.head.sequence) {
      return Status(errors::kStorageCorrupt, path.string() + (end.whole ? " ends" : " is damaged") +
                                                 " after record " + std::to_string(end.head.sequence) +
                                                 " (byte " + std::to_string(end.offset) + "); record " +
                                                 std::to_string(anchor.sequence) + " was written");
    }
  }
  return end;
}

}  // namespace cairn::log_format
