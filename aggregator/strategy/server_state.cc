#include "aggregator/strategy/server_state.h"

#include <cstring>
#include <string>

#include "core/base/crc32c.h"

namespace cairn {
namespace {

constexpr std::string_view kMagic = "CRNSTATE";
constexpr std::uint32_t kVersion = 1;

// The machine is little-endian (core/tensor asserts it), so numbers are copied as they lie in memory.
class Writer {
 public:
  void Bytes(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    out_.insert(out_.end(), first, first + size);
  }
  template <class T>
  void Number(T value) {
    Bytes(&value, sizeof value);
  }
  std::vector<std::byte>& out() { return out_; }

 private:
  std::vector<std::byte> out_;
};

// Reads past the end give zeros and clear ok().
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::span<const std::byte> Take(std::uint64_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const auto taken = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  template <class T>
  T Number() {
    T value = 0;
    const auto bytes = Take(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  bool ok() const { return ok_; }
  std::size_t left() const { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
  bool ok_ = true;
};

Status Damaged(std::string_view how) {
  return Status(errors::kStorageCorrupt, "the stored server state " + std::string(how));
}
Status Foreign(std::string what) {
  return Status(errors::kServerState, "the stored server state " + std::move(what));
}

void CopyFloats(std::span<const std::byte> from, std::vector<float>& into) {
  if (!from.empty()) std::memcpy(into.data(), from.data(), from.size());
}

Status CheckFrame(std::span<const std::byte> bytes) {
  if (bytes.size() < kMagic.size() + sizeof kVersion + sizeof(std::uint32_t)) return Damaged("is cut short");
  std::uint32_t stored = 0;
  std::memcpy(&stored, bytes.last(sizeof stored).data(), sizeof stored);
  if (Crc32c(bytes.first(bytes.size() - sizeof stored)) != stored)
    return Damaged("does not match its checksum");
  if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    return Damaged("does not begin with its mark");
  std::uint32_t version = 0;
  std::memcpy(&version, bytes.data() + kMagic.size(), sizeof version);
  if (version == kVersion) return Status::Ok();
  return Foreign("has format version " + std::to_string(version) + ", this release reads " +
                 std::to_string(kVersion));
}

}  // namespace

std::vector<std::byte> EncodeServerState(std::string_view strategy, const ServerState& state) {
  Writer writer;
  writer.out().reserve(128 + strategy.size() + (state.m.size() + state.v.size()) * sizeof(float));
  writer.Bytes(kMagic.data(), kMagic.size());
  writer.Number(kVersion);
  writer.Number(static_cast<std::uint32_t>(strategy.size()));
  writer.Bytes(strategy.data(), strategy.size());
  writer.Number(state.model.spec().layout_hash());
  writer.Number(state.round);
  writer.Number(static_cast<std::uint64_t>(state.m.size()));
  writer.Number(static_cast<std::uint64_t>(state.v.size()));
  writer.Bytes(state.m.data(), state.m.size() * sizeof(float));
  writer.Bytes(state.v.data(), state.v.size() * sizeof(float));
  writer.Number(Crc32c(writer.out()));
  return std::move(writer.out());
}

Status DecodeServerState(std::span<const std::byte> bytes, std::string_view strategy, ServerState& into) {
  CAIRN_RETURN_IF_ERROR(CheckFrame(bytes));
  Reader reader(bytes.subspan(kMagic.size() + sizeof kVersion));
  const auto name = reader.Take(reader.Number<std::uint32_t>());
  const auto hash = reader.Number<std::uint64_t>();
  const auto round = reader.Number<std::uint64_t>();
  const auto m_size = reader.Number<std::uint64_t>();
  const auto v_size = reader.Number<std::uint64_t>();
  if (!reader.ok()) return Damaged("is cut short");
  if (std::string_view(reinterpret_cast<const char*>(name.data()), name.size()) != strategy) {
    return Foreign("was written by another strategy than " + std::string(strategy));
  }
  if (hash != into.model.spec().layout_hash()) return Foreign("belongs to a model of another layout");
  if (m_size != into.m.size() || v_size != into.v.size()) return Foreign("has moments of another size");
  const auto m = reader.Take(m_size * sizeof(float));
  const auto v = reader.Take(v_size * sizeof(float));
  if (!reader.ok() || reader.left() != sizeof(std::uint32_t))
    return Damaged("has another length than it says");
  CopyFloats(m, into.m);
  CopyFloats(v, into.v);
  into.round = round;
  return Status::Ok();
}

}  // namespace cairn
