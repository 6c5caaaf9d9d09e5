#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "client/data/example_source.h"
#include "privacy/dp/noise_bits.h"

namespace cairn {

// Which rows each unit of a source has. Units are numbered from 0 by ascending ExampleSource::unit, their
// rows ascend.
class UnitIndex {
 public:
  explicit UnitIndex(const ExampleSource& data);

  std::uint32_t size() const { return static_cast<std::uint32_t>(ends_.size()); }
  std::span<const std::uint32_t> rows(std::uint32_t unit) const {
    const std::uint32_t begin = unit == 0 ? 0 : ends_[unit - 1];
    return std::span(rows_).subspan(begin, ends_[unit] - begin);
  }

 private:
  std::vector<std::uint32_t> rows_, ends_;
};

// A unit that came into a lot, with what it drew for itself there. Neither its number nor who else came in
// has a say in them, so that without one unit the others' draws have the law they had with it.
struct LotMember {
  std::uint32_t unit = 0;
  std::uint32_t block = 0;                        // which part of the lot it is summed in
  std::array<std::uint32_t, 2> dropout_key = {};  // of its dropout masks
};

// One Poisson lot: a coin for each of `units` units, 53 bits from the source, that lets it in when they are
// below `sampling_rate` (probability sampling_rate/2^53, exactly). May be empty, and has no largest size.
// Members come by block, then by unit; `lot` is replaced and keeps its memory.
void DrawLot(std::uint32_t units, std::uint64_t sampling_rate, std::uint32_t blocks, NoiseBits& bits,
             std::vector<LotMember>& lot);

}  // namespace cairn
