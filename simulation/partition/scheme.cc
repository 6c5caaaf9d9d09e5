#include "simulation/partition/scheme.h"

#include <array>
#include <charconv>
#include <optional>

namespace cairn {
namespace {

enum class Argument : std::uint8_t { kNone, kAlpha, kCount, kName };

struct SchemeWord {
  std::string_view word;
  PartitionKind kind;
  Argument argument;
  std::string_view example;
};

constexpr std::array<SchemeWord, 7> kWords = {{
    {"iid", PartitionKind::kIid, Argument::kNone, "iid"},
    {"dirichlet", PartitionKind::kDirichlet, Argument::kAlpha, "dirichlet:0.3"},
    {"shards", PartitionKind::kShards, Argument::kCount, "shards:2"},
    {"labels", PartitionKind::kLabels, Argument::kCount, "labels:2"},
    {"quantity", PartitionKind::kQuantity, Argument::kAlpha, "quantity:0.5"},
    {"column", PartitionKind::kColumn, Argument::kName, "column:state"},
    {"file", PartitionKind::kFile, Argument::kName, "file:split.csv"},
}};

Status Refuse(std::string_view text, const std::string& why) {
  return Status(errors::kPartitionScheme, "partition '" + std::string(text) + "': " + why);
}

const SchemeWord* FindWord(std::string_view word) {
  for (const SchemeWord& entry : kWords) {
    if (entry.word == word) return &entry;
  }
  return nullptr;
}

template <class T>
std::optional<T> ParseWhole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string AllExamples() {
  std::string text;
  for (const SchemeWord& entry : kWords) text += (text.empty() ? "" : ", ") + std::string(entry.example);
  return text;
}

}  // namespace

Result<PartitionScheme> ParseScheme(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  const std::string_view argument =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  const SchemeWord* entry = FindWord(word);
  if (entry == nullptr) return Refuse(text, "expected one of " + AllExamples());
  const std::string example(entry->example);
  PartitionScheme scheme;
  scheme.kind = entry->kind;
  switch (entry->argument) {
    case Argument::kNone:
      if (colon != std::string_view::npos) return Refuse(text, "iid takes no argument");
      return scheme;
    case Argument::kAlpha: {
      const std::optional<double> alpha = ParseWhole<double>(argument);
      if (!alpha || !(*alpha >= 1e-3 && *alpha <= 1e6)) {
        return Refuse(text, "expected a number from 0.001 to 1000000 after the colon, such as " + example);
      }
      scheme.alpha = *alpha;
      return scheme;
    }
    case Argument::kCount: {
      const std::optional<std::uint32_t> count = ParseWhole<std::uint32_t>(argument);
      if (!count || *count == 0)
        return Refuse(text, "expected a whole number from 1 after the colon, such as " + example);
      scheme.count = *count;
      return scheme;
    }
    case Argument::kName:
      if (argument.empty()) return Refuse(text, "expected a name after the colon, such as " + example);
      scheme.name = argument;
      return scheme;
  }
  return scheme;
}

std::string ToString(const PartitionScheme& scheme) {
  for (const SchemeWord& entry : kWords) {
    if (entry.kind != scheme.kind) continue;
    std::string text(entry.word);
    switch (entry.argument) {
      case Argument::kNone:
        return text;
      case Argument::kAlpha: {
        std::array<char, 32> digits;
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), scheme.alpha).ptr;
        return text + ":" + std::string(digits.data(), end);
      }
      case Argument::kCount:
        return text + ":" + std::to_string(scheme.count);
      case Argument::kName:
        return text + ":" + scheme.name;
    }
  }
  return {};
}

}  // namespace cairn
