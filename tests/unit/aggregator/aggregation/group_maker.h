#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "core/base/random.h"

namespace cairn {

// Means of made-up groups for tests of the rules that combine them.
struct MadeGroups {
  std::vector<std::vector<float>> values;  // by group

  static MadeGroups Draw(RandomStream& stream, std::size_t groups, std::size_t length, double scale = 1) {
    MadeGroups made;
    for (std::size_t g = 0; g < groups; ++g) {
      std::vector<float>& group = made.values.emplace_back();
      for (std::size_t i = 0; i < length; ++i)
        group.push_back(static_cast<float>(scale * (2 * stream.Uniform() - 1)));
    }
    return made;
  }
  std::vector<std::span<const float>> spans() const { return {values.begin(), values.end()}; }
  std::vector<float> Column(std::size_t i) const {
    std::vector<float> column;
    for (const auto& group : values) column.push_back(group[i]);
    return column;
  }
  void Shuffle(RandomStream& stream) {
    for (std::size_t i = values.size(); i-- > 1;) std::swap(values[i], values[stream.Below(i + 1)]);
  }
};

}  // namespace cairn
