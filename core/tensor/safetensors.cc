#include "core/tensor/safetensors.h"

#include <cstring>
#include <limits>
#include <string_view>

#include "core/tensor/safetensors_header.h"
#include "core/tensor/tensor_name.h"

namespace cairn {
namespace {

constexpr std::size_t kLengthBytes = 8;

Status Broken(std::string what) { return Status(errors::kSafetensorsFormat, std::move(what)); }

// A zip begins with its mark; a binary pickle with 0x80 and its protocol, which as the start of a header
// length would be far over the limit unless zeros follow.
bool LooksLikeArchive(std::span<const std::byte> bytes) {
  const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(bytes[i]); };
  if (bytes.size() < 4) return false;
  const bool zip = at(0) == 'P' && at(1) == 'K' && at(2) < 8 && at(3) < 9;
  return zip || (at(0) == 0x80 && at(1) >= 2 && at(1) <= 5 && at(2) != 0);
}

Status HeaderLength(std::span<const std::byte> bytes, std::size_t& length) {
  std::uint64_t declared = std::numeric_limits<std::uint64_t>::max();
  if (bytes.size() >= kLengthBytes) std::memcpy(&declared, bytes.data(), kLengthBytes);
  if (declared > kMaxHeaderBytes && LooksLikeArchive(bytes)) {
    return Status(errors::kModelPickle, "the file begins like a zip archive or a pickle");
  }
  if (bytes.size() < kLengthBytes) return Broken("the file has " + std::to_string(bytes.size()) + " bytes");
  if (declared > kMaxHeaderBytes) {
    return Broken("the header is said to have " + std::to_string(declared) + " bytes, the limit is " +
                  std::to_string(kMaxHeaderBytes));
  }
  if (declared > bytes.size() - kLengthBytes) {
    return Broken("the header is said to have " + std::to_string(declared) + " bytes, the file has " +
                  std::to_string(bytes.size() - kLengthBytes) + " after its length");
  }
  length = static_cast<std::size_t>(declared);
  return Status::Ok();
}

// Where the entry's data must lie: right behind the one before, as long as shape and dtype say, inside the
// file.
Status CheckPlace(const SafetensorsHeader::Entry& entry, std::uint64_t expected_begin,
                  std::uint64_t available) {
  const std::string name = "tensor " + QuoteName(entry.name);
  constexpr std::int64_t kMaxElements = ParameterSpec::Limits{}.max_elements;
  std::int64_t elements = 0;
  if (!ShapeElements(entry.shape, kMaxElements, elements)) {
    return Broken(name + " has shape " + ShapeText(entry.shape) + ", more than " +
                  std::to_string(kMaxElements) + " elements");
  }
  if (entry.begin != expected_begin || entry.end < entry.begin) {
    return Broken(name + " has offsets [" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) +
                  "], must begin at " + std::to_string(expected_begin));
  }
  const std::uint64_t size = static_cast<std::uint64_t>(elements) * DTypeBytes(entry.dtype);
  if (entry.end - entry.begin != size) {
    return Broken(name + " has " + std::to_string(entry.end - entry.begin) + " bytes, shape " +
                  ShapeText(entry.shape) + " of " + std::string(DTypeName(entry.dtype)) + " needs " +
                  std::to_string(size));
  }
  if (entry.end <= available) return Status::Ok();
  return Broken(name + " ends at byte " + std::to_string(entry.end) + " of the data, the file has " +
                std::to_string(available));
}

}  // namespace

Result<SafetensorsView> ParseSafetensors(std::span<const std::byte> bytes) {
  std::size_t header_length = 0;
  CAIRN_RETURN_IF_ERROR(HeaderLength(bytes, header_length));
  const auto json = bytes.subspan(kLengthBytes, header_length);
  const auto data = bytes.subspan(kLengthBytes + header_length);
  CAIRN_ASSIGN_OR_RETURN(SafetensorsHeader header,
                         ParseSafetensorsHeader({reinterpret_cast<const char*>(json.data()), json.size()}));
  SafetensorsView view;
  view.metadata = std::move(header.metadata);
  view.tensors.reserve(header.entries.size());
  std::uint64_t end = 0;
  for (auto& entry : header.entries) {
    CAIRN_RETURN_IF_ERROR(CheckPlace(entry, end, data.size()));
    end = entry.end;
    const auto values =
        data.subspan(static_cast<std::size_t>(entry.begin), static_cast<std::size_t>(end - entry.begin));
    view.tensors.push_back({std::move(entry.name), entry.dtype, std::move(entry.shape), values});
  }
  if (end == data.size()) return view;
  return Broken(std::to_string(data.size() - end) + " bytes follow the last tensor");
}

}  // namespace cairn
