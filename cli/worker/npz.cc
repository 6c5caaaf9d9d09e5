#include "cli/worker/npz.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

static_assert(std::endian::native == std::endian::little, "arrays are written as they lie in memory");

namespace cairn {
namespace {

constexpr std::array<std::uint32_t, 256> MakeCrcTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320u : 0u);
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = MakeCrcTable();

std::uint32_t Crc32(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const char c : bytes) crc = kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

void Put16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value & 0xFF);
  out += static_cast<char>(value >> 8 & 0xFF);
}

void Put32(std::string& out, std::uint32_t value) {
  Put16(out, value & 0xFFFF);
  Put16(out, value >> 16);
}

// Version 1.0: the header is padded so that the data begins at a multiple of 64.
std::string NpyOf(std::string_view dtype, const Shape& shape, std::string_view data) {
  std::string header = "{'descr': '" + std::string(dtype) + "', 'fortran_order': False, 'shape': (";
  for (const std::int64_t size : shape) header += std::to_string(size) + ",";
  header += "), }";
  constexpr std::size_t kPrefix = 10;
  header.append((64 - (kPrefix + header.size() + 1) % 64) % 64, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  Put16(bytes, static_cast<std::uint32_t>(header.size()));
  return bytes.append(header).append(data);
}

struct Entry {
  std::string name;
  std::uint32_t crc = 0, size = 0, offset = 0;
};

// What the local header and the directory say alike: version 2.0, UTF-8 names, stored, 1 January 1980.
void PutFacts(std::string& out, const Entry& entry) {
  Put16(out, 20);
  Put16(out, 1 << 11);
  Put16(out, 0);
  Put16(out, 0);
  Put16(out, 0x21);
  Put32(out, entry.crc);
  Put32(out, entry.size);
  Put32(out, entry.size);
  Put16(out, static_cast<std::uint32_t>(entry.name.size()));
  Put16(out, 0);
}

Entry Append(std::string& archive, std::string name, std::string_view content) {
  Entry entry{std::move(name), Crc32(content), static_cast<std::uint32_t>(content.size()),
              static_cast<std::uint32_t>(archive.size())};
  archive += "PK\x03\x04";
  PutFacts(archive, entry);
  archive.append(entry.name).append(content);
  return entry;
}

void AppendDirectory(std::string& archive, std::span<const Entry> entries) {
  const auto start = static_cast<std::uint32_t>(archive.size());
  for (const Entry& entry : entries) {
    archive += "PK\x01\x02";
    Put16(archive, 20);
    PutFacts(archive, entry);
    archive.append(6, '\0');  // no comment, first disk, no attributes
    Put32(archive, 0);
    Put32(archive, entry.offset);
    archive += entry.name;
  }
  const auto size = static_cast<std::uint32_t>(archive.size()) - start;
  archive += "PK\x05\x06";
  Put32(archive, 0);
  Put16(archive, static_cast<std::uint32_t>(entries.size()));
  Put16(archive, static_cast<std::uint32_t>(entries.size()));
  Put32(archive, size);
  Put32(archive, start);
  Put16(archive, 0);
}

std::string_view BytesOf(const ParameterSet& set, std::size_t index) {
  const TensorSpec& tensor = set.spec().tensors()[index];
  if (tensor.role != Role::kCounter) {
    const std::span<const float> values = set.tensor(index);
    return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
  }
  const auto values = set.counters().subspan(static_cast<std::size_t>(set.spec().offset(index)),
                                             static_cast<std::size_t>(tensor.size()));
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

bool LeavesItsFolder(std::string_view name) {
  return name.starts_with('/') || name.find("..") != std::string_view::npos ||
         name.find('\\') != std::string_view::npos;
}

}  // namespace

Result<std::string> ToNpz(const ParameterSet& set) {
  const std::vector<TensorSpec>& tensors = set.spec().tensors();
  constexpr std::uint64_t kMost = 0xFFFFFFFF;
  constexpr std::uint64_t kOverhead = 1024;  // a tensor: two headers, two names of at most 256 bytes, padding
  if (set.spec().byte_size() + tensors.size() * kOverhead > kMost) {
    return Status(errors::kModelSpec, "the model has " + std::to_string(set.spec().byte_size()) +
                                          " bytes, npz holds less than 4 GiB")
        .Mend("export it as safetensors");
  }
  std::string archive;
  archive.reserve(set.spec().byte_size() + tensors.size() * kOverhead);
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const TensorSpec& tensor = tensors[i];
    if (LeavesItsFolder(tensor.name)) {
      return Status(errors::kModelSpec, "tensor '" + tensor.name + "' cannot be a file of an archive");
    }
    const std::string_view dtype = tensor.role == Role::kCounter ? "<i8" : "<f4";
    entries.push_back(Append(archive, tensor.name + ".npy", NpyOf(dtype, tensor.shape, BytesOf(set, i))));
  }
  AppendDirectory(archive, entries);
  return archive;
}

}  // namespace cairn
