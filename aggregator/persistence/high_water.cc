#include "aggregator/persistence/high_water.h"

#include <charconv>

#include "core/runtime/files.h"

namespace cairn {
namespace {

// "SEQUENCE HEAD CHECK\n", CHECK being the hash of what stands before it.
std::string Line(const HighWaterMark& mark) {
  const std::string body = std::to_string(mark.sequence) + " " + mark.head.hex();
  return body + " " + Sha256::Of(body).hex() + "\n";
}

}  // namespace

Result<HighWaterMark> ReadHighWater(const std::filesystem::path& path) {
  const auto text = ReadFile(path, 256);
  if (!text.ok() && text.status().id() == errors::kNotFound) return HighWaterMark{};
  CAIRN_RETURN_IF_ERROR(text.status());
  const auto damaged = [&] { return Status(errors::kStorageCorrupt, path.string() + " is damaged"); };
  HighWaterMark mark;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), mark.sequence);
  const auto at = static_cast<std::size_t>(end - text->data());
  if (error != std::errc() || text->size() != at + 1 + 64 + 1 + 64 + 1) return damaged();
  const auto head = Sha256Digest::Parse(std::string_view(*text).substr(at + 1, 64));
  if (!head.has_value()) return damaged();
  mark.head = *head;
  if (Line(mark) != *text) return damaged();
  return mark;
}

Status WriteHighWater(const std::filesystem::path& path, const HighWaterMark& mark) {
  return WriteFileAtomically(path, std::string_view(Line(mark)));
}

}  // namespace cairn
