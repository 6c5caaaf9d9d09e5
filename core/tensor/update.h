#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/base/status.h"
#include "core/tensor/parameter_spec.h"

namespace cairn {

// The flat vector of one update: exchanged parameters, then exchanged buffers, then exchanged
// counters. Only Scope::kExchanged tensors appear.
struct UpdateLayout {
  std::int64_t parameters = 0;
  std::int64_t buffers = 0;
  std::int64_t counters = 0;
  std::uint64_t hash = 0;  // ParameterSpec::layout_hash

  std::int64_t floats() const { return parameters + buffers; }
  std::size_t byte_size() const;  // FlatBytes(floats(), counters)
  friend bool operator==(const UpdateLayout&, const UpdateLayout&) = default;
};

UpdateLayout LayoutOf(const ParameterSpec& spec);

// One client's contribution, borrowed: scale · (local − base), folded without being materialised.
// The difference is taken in float32, so a view over (local, base) and one over the difference
// itself give equal sums bit for bit. Spans have layout sizes.
struct UpdateView {
  std::span<const float> local_parameters, base_parameters;  // base empty: local already is the delta
  std::span<const float> local_buffers, base_buffers;
  std::span<const std::int64_t> counters;  // absolute values
  float scale = 1;                         // clip factor
  double weight = 1;                       // min(n, cap) / cap, in (0, 1]
};

// Keeps the memory behind a view alive: a leased resident model, a private buffer, a mapped blob.
// Immutable, thread-safe.
class UpdatePayload {
 public:
  virtual ~UpdatePayload() = default;
  virtual UpdateView view() const = 0;
};
// Shared because the client may have to offer it again while the aggregator still folds it.
using UpdateHandle = std::shared_ptr<const UpdatePayload>;

// Limits of the exact grid (exact_sum.h): |Δ| of a parameter, of a buffer.
inline constexpr float kMaxParameterDelta = 1024.0f;   // 2^10
inline constexpr float kMaxBufferDelta = 67108864.0f;  // 2^26

// Finite, inside the grid's range, sizes as the layout says, scale in [0, 1], weight in (0, 1]. Errors
// name the first bad position by section and index, never its value (kUpdateNotFinite, kUpdateRange,
// kUpdateLayout). One vectorised read pass.
Status CheckUpdate(const UpdateView& view, const UpdateLayout& layout);

// Euclidean norm of scale · (local − base) over the parameters, scale · √Σ Δ_i² in double: element i is
// added to lane i mod 16, lanes are then added in pairs 8, 4, 2, 1 apart, so the result is equal on every
// vector width.
double UpdateNorm(const UpdateView& view);

// Writes scale-free deltas (local − base) and counters into out, layout.byte_size() bytes, the wire form.
void MaterializeUpdate(const UpdateView& view, std::span<std::byte> out);

// A view over the wire form, with scale 1 and weight 1 to be set by the caller. bytes.size() must be
// layout.byte_size() and 8-byte aligned.
UpdateView ViewOfBytes(std::span<const std::byte> bytes, const UpdateLayout& layout);

}  // namespace cairn
