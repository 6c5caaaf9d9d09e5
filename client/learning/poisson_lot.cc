#include "client/learning/poisson_lot.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace cairn {

UnitIndex::UnitIndex(const ExampleSource& data) : rows_(data.size()) {
  std::iota(rows_.begin(), rows_.end(), 0u);
  if (data.has_units()) {
    std::stable_sort(rows_.begin(), rows_.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return data.unit(a) < data.unit(b); });
  }
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    const bool is_next = i > 0 && data.has_units() && data.unit(rows_[i]) == data.unit(rows_[i - 1]);
    if (!is_next) ends_.push_back(i);
    ends_.back() = i + 1;
  }
}

void DrawLot(std::uint32_t units, std::uint64_t sampling_rate, std::uint32_t blocks, NoiseBits& bits,
             std::vector<LotMember>& lot) {
  lot.clear();
  for (std::uint32_t unit = 0; unit < units; ++unit) {
    if (bits() >> 11 >= sampling_rate) continue;
    const auto block = static_cast<std::uint32_t>(bits.Below(std::uint64_t{blocks}));
    const std::uint64_t key = bits();
    lot.push_back({unit, block, {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)}});
  }
  if (blocks > 1) std::ranges::sort(lot, {}, [](const LotMember& m) { return std::tuple(m.block, m.unit); });
}

}  // namespace cairn
