#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/data/example_source.h"
#include "client/data/image_source.h"
#include "core/base/result.h"

namespace cairn {

// The IDX format of MNIST: bytes 0, 0, element type, rank; then a big-endian u32 a dimension; then the
// elements, big-endian, last dimension fastest.
enum class IdxType : std::uint8_t { kU8 = 0x08, kI16 = 0x0B, kI32 = 0x0C, kF32 = 0x0D };

struct IdxArray {
  IdxType type = IdxType::kU8;
  std::vector<std::uint32_t> dims;  // 1 to 4
  std::string_view data;            // borrowed from the bytes parsed; as big as type and dims say
  std::uint64_t elements() const;
};

// kIdxMagic, kIdxSize. `name` is for messages. The bytes are unpacked and outlive the array.
Result<IdxArray> ParseIdx(std::string_view bytes, const std::string& name);

// Images (rank 2 to 4: rows · features, rows · height · width, or rows · channels · height · width)
// with labels (rank 1, whole numbers from 0). Features of u8 images are value/255, of other types the
// value, then (x - mean) / std by channel. An image of height · width has shape {1, height, width}.
struct IdxNames {
  std::string images, labels;  // for messages
};
// num_classes 0: the largest label + 1, at least 2. Errors as ParseIdx, kIdxCount, kCsvLabel (a label
// outside the classes), kCsvNumber (NaN or infinity), kDataEmpty, kDatasetConfig.
Result<std::unique_ptr<ExampleSource>> ReadIdx(std::string_view images, std::string_view labels,
                                               const IdxNames& names, std::int64_t num_classes,
                                               const Normalisation& normalisation);

}  // namespace cairn
