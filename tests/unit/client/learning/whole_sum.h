#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "client/learning/lot_summer.h"

namespace cairn {

// A sum of a lot, all of it. Checks that the pieces come in order and are as large as was said.
struct WholeSum final : GridSink {
  explicit WholeSum(std::size_t size) : values(size, 12345) {}
  void Take(std::size_t offset, std::span<std::int64_t> sum) override {
    is_in_order = is_in_order && offset == (seen == values.size() ? 0 : seen);
    is_in_order = is_in_order && sum.size() == std::min(kPiece, values.size() - offset);
    std::ranges::copy(sum, values.begin() + static_cast<std::ptrdiff_t>(offset));
    seen = offset + sum.size();
  }
  std::vector<std::int64_t> values;
  std::size_t seen = 0;
  bool is_in_order = true;
};

}  // namespace cairn
