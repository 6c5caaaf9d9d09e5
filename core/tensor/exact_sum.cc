#include "core/tensor/exact_sum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/check.h"
#include "core/tensor/vector_kernels.h"

namespace cairn {
namespace {

// Elements of the accumulator worked on at a time: 4 KiB, so that it stays in L1 while the whole batch
// streams by. Measured on one busy core: 1.25 times the speed of the plain float loop, against 1.18 with
// tiles of 32 KiB.
constexpr std::size_t kTile = 512;

std::int64_t WrapAdd(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

// One of the two float sections of an update.
struct Section {
  std::span<const float> UpdateView::*local;
  std::span<const float> UpdateView::*base;
  int fraction_bits;
};
constexpr Section kParameters = {&UpdateView::local_parameters, &UpdateView::base_parameters,
                                 kParameterFractionBits};
constexpr Section kBuffers = {&UpdateView::local_buffers, &UpdateView::base_buffers, kBufferFractionBits};

FoldInput InputAt(const UpdateView& view, const Section& section, std::size_t offset) {
  const std::span<const float> base = view.*section.base;
  return {(view.*section.local).data() + offset, base.empty() ? nullptr : base.data() + offset,
          GridFactor(view, section.fraction_bits)};
}

void FoldTile(std::span<const UpdateView> batch, const Section& section, std::size_t offset,
              std::span<std::int64_t> sum) {
  const VectorKernels& kernels = ActiveKernels();
  FoldInput inputs[kFoldInputs];
  std::size_t count = 0;
  for (const UpdateView& view : batch) {
    const FoldInput input = InputAt(view, section, offset);
    const bool other_kind = count > 0 && (input.base == nullptr) != (inputs[0].base == nullptr);
    if (other_kind || count == kFoldInputs) {
      kernels.fold(inputs, count, sum.size(), sum.data());
      count = 0;
    }
    inputs[count++] = input;
  }
  if (count > 0) kernels.fold(inputs, count, sum.size(), sum.data());
}

void FoldSection(std::span<const UpdateView> batch, const Section& section, std::size_t part,
                 std::size_t parts, GridVector& sum) {
  for (const UpdateView& view : batch) {
    CAIRN_CHECK((view.*section.local).size() == sum.size(), "an update of another layout was not refused");
  }
  // Slices end on whole cache lines, so that lanes never write the same one.
  const std::size_t slice = ((sum.size() + parts - 1) / parts + 7) / 8 * 8;
  const std::size_t end = std::min(sum.size(), slice * (part + 1));
  for (std::size_t at = slice * part; at < end; at += kTile) {
    FoldTile(batch, section, at, std::span(sum).subspan(at, std::min(kTile, end - at)));
  }
}

void TakeMaxima(std::span<const std::int64_t> from, std::vector<std::int64_t>& into) {
  for (std::size_t i = 0; i < into.size(); ++i) into[i] = std::max(into[i], from[i]);
}

}  // namespace

// A power of two made by a shift: exact, and cheap enough for every tile of every view.
double GridFactor(const UpdateView& view, int fraction_bits) {
  return static_cast<double>(view.scale) * view.weight *
         static_cast<double>(std::uint64_t{1} << fraction_bits);
}

std::int64_t GridWeight(double weight) { return std::llrint(std::ldexp(weight, kWeightFractionBits)); }

Partial::Partial(const UpdateLayout& layout)
    : parameters(static_cast<std::size_t>(layout.parameters)),
      buffers(static_cast<std::size_t>(layout.buffers)),
      counters(static_cast<std::size_t>(layout.counters), std::numeric_limits<std::int64_t>::min()) {}

void Accumulate(std::span<const UpdateView> batch, Partial& into) { AccumulateSlice(batch, 0, 1, into); }

void AccumulateSlice(std::span<const UpdateView> batch, std::size_t part, std::size_t parts, Partial& into) {
  CAIRN_CHECK(part < parts, "a slice outside its number of parts");
  FoldSection(batch, kParameters, part, parts, into.parameters);
  FoldSection(batch, kBuffers, part, parts, into.buffers);
  if (part != 0) return;
  for (const UpdateView& view : batch) {
    CAIRN_CHECK(view.counters.size() == into.counters.size(), "an update of another layout was not refused");
    TakeMaxima(view.counters, into.counters);
    into.weight = WrapAdd(into.weight, GridWeight(view.weight));
    ++into.count;
  }
}

Status Merge(const Partial& from, Partial& into) {
  const auto sizes = [](const Partial& p) {
    return std::to_string(p.parameters.size()) + " parameters, " + std::to_string(p.buffers.size()) +
           " buffers, " + std::to_string(p.counters.size()) + " counters";
  };
  if (from.parameters.size() != into.parameters.size() || from.buffers.size() != into.buffers.size() ||
      from.counters.size() != into.counters.size()) {
    return Status(errors::kUpdateLayout,
                  "a partial sum has " + sizes(from) + ", this one has " + sizes(into));
  }
  std::transform(from.parameters.begin(), from.parameters.end(), into.parameters.begin(),
                 into.parameters.begin(), WrapAdd);
  std::transform(from.buffers.begin(), from.buffers.end(), into.buffers.begin(), into.buffers.begin(),
                 WrapAdd);
  TakeMaxima(from.counters, into.counters);
  into.weight = WrapAdd(into.weight, from.weight);
  into.count += from.count;
  return Status::Ok();
}

}  // namespace cairn
