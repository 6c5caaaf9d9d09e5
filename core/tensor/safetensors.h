#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/tensor/parameter_set.h"

namespace cairn {

// The safetensors format: u64 little-endian header length, a flat JSON object, raw data.
// Parsing is hardened: header ≤ 1 MiB, ≤ 8,192 tensors, rank ≤ 8, names unique and ≤ 256 bytes,
// products checked, offsets ascending in header order, contiguous and covering the file exactly; JSON
// without unknown keys, duplicates, fractions or nesting beyond the format's own. Nothing is executed,
// nothing is allocated before its size is checked (kSafetensorsFormat). A zip archive or pickle is refused as
// what it is (kModelPickle).
enum class DType : std::uint8_t { kF32, kF16, kBF16, kI64, kI32, kU8, kBool };

struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
  std::span<const std::byte> data;  // into the file's bytes
};

struct SafetensorsView {
  std::vector<SafetensorsEntry> tensors;        // in file order
  std::map<std::string, std::string> metadata;  // __metadata__
};

// Borrows from bytes. Errors name the tensor and what was expected and found.
Result<SafetensorsView> ParseSafetensors(std::span<const std::byte> bytes);

// A model as a file: counters (i64), then floats (f32), each in spec order, so that every tensor lies on its
// alignment. Role and scope travel in the metadata key "cairn.roles", a line `role scope name` for each
// tensor that is not what its dtype says (f32 parameter, i64 counter, both exchanged), so any reader of the
// format can load the file. Equal sets and metadata give equal bytes.
std::vector<std::byte> WriteSafetensors(const ParameterSet& set,
                                        const std::map<std::string, std::string>& metadata);

// Spec as declared by a file: roles from metadata, else f32, f16, bf16 → parameter, i64 → counter. Other
// dtypes, and roles for tensors that are absent or of another dtype, are refused (kModelMismatch).
Result<ParameterSpec> SpecOfSafetensors(const SafetensorsView& view);

// Copies the values of `view` into `set` by name. f16/bf16 widen to f32. Missing, extra, other shape
// or other dtype is refused, naming the tensor (kModelMismatch), with `set` unchanged; a missing counter
// reads as 0. A value that is not finite is refused (kModelNotFinite), and `set` is then to be discarded.
Status LoadSafetensors(const SafetensorsView& view, ParameterSet& set);

}  // namespace cairn
