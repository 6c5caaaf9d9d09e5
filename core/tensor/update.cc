#include "core/tensor/update.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "core/tensor/vector_kernels.h"

namespace cairn {
namespace {

constexpr std::size_t kBlock = 8192;  // elements checked before the answer is looked at

Status WrongSize(std::string_view what, std::size_t got, std::int64_t expected) {
  return Status(errors::kUpdateLayout, "an update has " + std::to_string(got) + " " + std::string(what) +
                                           ", the job has " + std::to_string(expected));
}

Status CheckSize(std::string_view what, std::size_t got, std::int64_t expected) {
  return got == static_cast<std::size_t>(expected) ? Status::Ok() : WrongSize(what, got, expected);
}

Status CheckSizes(const UpdateView& view, const UpdateLayout& layout) {
  CAIRN_RETURN_IF_ERROR(CheckSize("parameters", view.local_parameters.size(), layout.parameters));
  CAIRN_RETURN_IF_ERROR(CheckSize("buffers", view.local_buffers.size(), layout.buffers));
  CAIRN_RETURN_IF_ERROR(CheckSize("counters", view.counters.size(), layout.counters));
  if (!view.base_parameters.empty()) {
    CAIRN_RETURN_IF_ERROR(CheckSize("base parameters", view.base_parameters.size(), layout.parameters));
  }
  if (!view.base_buffers.empty()) {
    CAIRN_RETURN_IF_ERROR(CheckSize("base buffers", view.base_buffers.size(), layout.buffers));
  }
  return Status::Ok();
}

Status CheckFactors(const UpdateView& view) {
  if (!(view.scale >= 0 && view.scale <= 1)) {
    return Status(errors::kUpdateRange, "an update's scale is outside [0, 1]");
  }
  if (!(view.weight > 0 && view.weight <= 1)) {
    return Status(errors::kUpdateRange, "an update's weight is outside (0, 1]");
  }
  return Status::Ok();
}

const float* BaseAt(std::span<const float> base, std::size_t at) {
  return base.empty() ? nullptr : base.data() + at;
}

Status BadElement(std::string_view section, std::size_t index, bool finite, float limit) {
  const std::string where = std::string(section) + " " + std::to_string(index) + " of an update is ";
  if (!finite) return Status(errors::kUpdateNotFinite, where + "not a finite number");
  return Status(errors::kUpdateRange,
                where + "more than " + std::to_string(static_cast<std::int64_t>(limit)) + " in magnitude");
}

// The fast pass asks each block only for its largest magnitude; a block that fails is then walked for the
// place.
Status CheckValues(std::string_view section, std::span<const float> local, std::span<const float> base,
                   float limit) {
  const VectorKernels& kernels = ActiveKernels();
  const auto limit_bits = std::bit_cast<std::uint32_t>(limit);
  for (std::size_t at = 0; at < local.size(); at += kBlock) {
    const std::size_t n = std::min(kBlock, local.size() - at);
    if (kernels.max_abs_bits(local.data() + at, BaseAt(base, at), n) <= limit_bits) continue;
    for (std::size_t i = at; i < at + n; ++i) {
      const float delta = base.empty() ? local[i] : local[i] - base[i];
      if (!(std::fabs(delta) <= limit)) return BadElement(section, i, std::isfinite(delta), limit);
    }
  }
  return Status::Ok();
}

void WriteDeltas(std::span<const float> local, std::span<const float> base, float* out) {
  if (base.empty()) {
    std::copy(local.begin(), local.end(), out);
  } else {
    std::transform(local.begin(), local.end(), base.begin(), out, [](float l, float b) { return l - b; });
  }
}

bool IsAligned(const void* p, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(p) % alignment == 0;
}

}  // namespace

std::size_t UpdateLayout::byte_size() const {
  return FlatBytes(static_cast<std::size_t>(floats()), static_cast<std::size_t>(counters));
}

UpdateLayout LayoutOf(const ParameterSpec& spec) {
  return {spec.exchanged(Role::kParameter), spec.exchanged(Role::kBuffer), spec.exchanged(Role::kCounter),
          spec.layout_hash()};
}

Status CheckUpdate(const UpdateView& view, const UpdateLayout& layout) {
  CAIRN_RETURN_IF_ERROR(CheckSizes(view, layout));
  CAIRN_RETURN_IF_ERROR(CheckFactors(view));
  CAIRN_RETURN_IF_ERROR(
      CheckValues("parameter", view.local_parameters, view.base_parameters, kMaxParameterDelta));
  return CheckValues("buffer", view.local_buffers, view.base_buffers, kMaxBufferDelta);
}

double UpdateNorm(const UpdateView& view) {
  double lanes[kNormLanes] = {};
  ActiveKernels().add_squares(view.local_parameters.data(), BaseAt(view.base_parameters, 0),
                              view.local_parameters.size(), lanes);
  for (std::size_t apart = kNormLanes / 2; apart > 0; apart /= 2) {
    for (std::size_t lane = 0; lane < apart; ++lane) lanes[lane] += lanes[lane + apart];
  }
  return static_cast<double>(view.scale) * std::sqrt(lanes[0]);
}

void MaterializeUpdate(const UpdateView& view, std::span<std::byte> out) {
  const std::size_t parameters = view.local_parameters.size();
  const std::size_t floats = parameters + view.local_buffers.size();
  CAIRN_CHECK(out.size() == FlatBytes(floats, view.counters.size()), "room of another size than the update");
  CAIRN_CHECK(IsAligned(out.data(), alignof(float)), "room for an update must be aligned");
  auto* values = reinterpret_cast<float*>(out.data());
  WriteDeltas(view.local_parameters, view.base_parameters, values);
  WriteDeltas(view.local_buffers, view.base_buffers, values + parameters);
  const std::size_t counter_bytes = view.counters.size_bytes();
  const std::size_t padding = out.size() - floats * sizeof(float) - counter_bytes;
  std::memset(out.data() + floats * sizeof(float), 0, padding);
  if (counter_bytes > 0)
    std::memcpy(out.data() + out.size() - counter_bytes, view.counters.data(), counter_bytes);
}

UpdateView ViewOfBytes(std::span<const std::byte> bytes, const UpdateLayout& layout) {
  CAIRN_CHECK(bytes.size() == layout.byte_size(), "bytes of another size than the layout");
  CAIRN_CHECK(IsAligned(bytes.data(), 8), "bytes of an update must be aligned");
  const auto* values = reinterpret_cast<const float*>(bytes.data());
  const auto counters = static_cast<std::size_t>(layout.counters);
  const auto parameters = static_cast<std::size_t>(layout.parameters);
  UpdateView view;
  view.local_parameters = {values, parameters};
  view.local_buffers = {values + parameters, static_cast<std::size_t>(layout.buffers)};
  view.counters = {reinterpret_cast<const std::int64_t*>(bytes.data() + (bytes.size() - counters * 8)),
                   counters};
  return view;
}

}  // namespace cairn
