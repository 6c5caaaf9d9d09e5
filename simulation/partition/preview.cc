#include <algorithm>

#include "core/base/check.h"
#include "simulation/partition/partition.h"

namespace cairn {
namespace {

std::string Right(const std::string& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

constexpr std::size_t kShownClasses = 20;  // a table wider than a terminal helps nobody

}  // namespace

std::string PreviewSplit(const ClientRows& split, std::span<const std::int64_t> labels,
                         std::size_t max_clients) {
  if (split.empty()) return "no clients\n";
  const std::int64_t largest = labels.empty() ? -1 : *std::max_element(labels.begin(), labels.end());
  const std::size_t classes = std::min(static_cast<std::size_t>(largest + 1), kShownClasses);
  std::size_t widest = 4;
  for (const auto& rows : split) widest = std::max(widest, std::to_string(rows.size()).size());
  std::string text = Right("client", 7) + Right("rows", widest + 2);
  for (std::size_t c = 0; c < classes; ++c) text += Right(std::to_string(c), widest + 1);
  text += "\n";
  for (std::size_t client = 0; client < std::min(split.size(), max_clients); ++client) {
    text += Right(std::to_string(client), 7) + Right(std::to_string(split[client].size()), widest + 2);
    std::vector<std::size_t> counts(classes, 0);
    for (const std::uint32_t row : split[client]) {
      if (labels.empty()) break;
      CAIRN_CHECK(row < labels.size(), "a split's rows have labels");
      if (static_cast<std::size_t>(labels[row]) < classes) ++counts[static_cast<std::size_t>(labels[row])];
    }
    for (const std::size_t count : counts)
      text += Right(count == 0 ? "·" : std::to_string(count), widest + (count == 0 ? 2 : 1));
    text += "\n";
  }
  if (split.size() > max_clients)
    text += "        … " + std::to_string(split.size() - max_clients) + " more\n";
  if (static_cast<std::size_t>(largest + 1) > classes)
    text += "        classes from " + std::to_string(classes) + " on are not shown\n";
  std::vector<std::size_t> sizes;
  for (const auto& rows : split) sizes.push_back(rows.size());
  std::sort(sizes.begin(), sizes.end());
  return text + "rows a client: least " + std::to_string(sizes.front()) + ", median " +
         std::to_string(sizes[sizes.size() / 2]) + ", most " + std::to_string(sizes.back()) + "\n";
}

}  // namespace cairn
