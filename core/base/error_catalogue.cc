#include "core/base/error_catalogue.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace cairn {
namespace {

constexpr ErrorEntry kEntries[] = {
#define CAIRN_ERROR(name, number, exit, retry, what, why, mend) \
  {ErrorId{number}, #name, ExitCode::exit, Retry::retry, what, why, mend},
#include "core/base/errors/all.def"
#undef CAIRN_ERROR
};

constexpr bool Ascending() {
  for (std::size_t i = 1; i < std::size(kEntries); ++i) {
    if (!(kEntries[i - 1].id < kEntries[i].id)) return false;
  }
  return true;
}
static_assert(Ascending(), "core/base/errors/*.def must list unique ids in ascending order");

}  // namespace

std::span<const ErrorEntry> ErrorCatalogue() { return kEntries; }

const ErrorEntry* FindError(ErrorId id) {
  const auto* it =
      std::lower_bound(std::begin(kEntries), std::end(kEntries), id,
                       [](const ErrorEntry& entry, ErrorId wanted) { return entry.id < wanted; });
  return it != std::end(kEntries) && it->id == id ? it : nullptr;
}

std::string ToString(ErrorId id) {
  char text[16];
  std::snprintf(text, sizeof text, "CAIRN-%04u", static_cast<unsigned>(id.value));
  return text;
}

std::optional<ErrorId> ParseErrorId(std::string_view text) {
  constexpr std::string_view kPrefix = "CAIRN-";
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  ErrorId id;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id.value);
  if (error != std::errc() || end != text.data() + text.size() || text.size() != 4) return std::nullopt;
  return id;
}

ExitCode ExitCodeOf(ErrorId id) {
  const ErrorEntry* entry = FindError(id);
  return entry == nullptr ? ExitCode::kBug : entry->exit_code;
}

}  // namespace cairn
