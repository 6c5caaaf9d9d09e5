#include "privacy/secagg/shared/grid.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/check.h"
#include "core/tensor/exact_sum.h"
#include "core/tensor/update.h"
#include "core/tensor/vector_kernels.h"
#include "privacy/secagg/shared/grid_kernels.h"

namespace cairn::secagg {
namespace {

constexpr std::size_t kTile = 2048;  // coordinates whose random words are drawn at a time
constexpr int kMaxFraction = 62;     // 2^f is a 64-bit integer
// The kernels of the plain sum round by adding 1.5 · 2^52, right up to here (core/tensor/exact_sum.h).
constexpr std::uint64_t kShiftBound = std::uint64_t{1} << 51;

constexpr const GridKernels* kWidestFirst[] = {
#if defined(__x86_64__)
    &kAvx512Grid,
    &kAvx2Grid,
#endif
    &kBaseGrid,
};

const GridKernels& Kernels() {
  static const GridKernels& widest =
      **std::find_if(std::begin(kWidestFirst), std::end(kWidestFirst),
                     [](const GridKernels* kernels) { return kernels->supported(); });
  return widest;
}

// ⌈clip · 2^f⌉, or the largest integer when that is more.
std::uint64_t BoundOf(double clip, int fraction_bits) {
  const double bound = std::ceil(std::ldexp(clip, fraction_bits));  // a power of two: exact
  return bound < 0x1p63 ? static_cast<std::uint64_t>(bound) : std::numeric_limits<std::uint64_t>::max();
}

// The bound that counts: a real section that names a smaller one than Quantise keeps to gains nothing.
std::uint64_t BoundOf(const Section& section) {
  return section.clip > 0 ? std::max(section.bound, BoundOf(section.clip, section.fraction_bits))
                          : section.bound;
}

// Cohorts of up to this size cannot wrap: n · Q ≤ 2^bits − 1.
std::uint64_t LargestCohort(std::uint64_t bound, int bits) {
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() >> (64 - bits);
  return bound == 0 ? std::numeric_limits<std::uint64_t>::max() : most / bound;
}
int SignedBits(Ring ring) { return static_cast<int>(ring) - 1; }

struct Scaled {
  double factor = 0;  // q = rounded(double(Δ) · factor)
  bool clipped = false;
};

// The norm is not finite, so some element is not.
Status FirstBad(std::span<const float> local, std::span<const float> base, const Section& section) {
  const auto delta = [&](std::size_t i) { return base.empty() ? local[i] : local[i] - base[i]; };
  std::size_t bad = 0;
  while (bad + 1 < local.size() && std::isfinite(delta(bad))) ++bad;
  return Status(errors::kUpdateNotFinite, "element " + std::to_string(bad) + " of section \"" + section.name +
                                              "\" of an update is not a finite number");
}

// Squares of floats are exact in double, and sums, roots, quotients and products round monotonically. So the
// norm as computed is ≥ |Δ_i|, the scale as rounded down is ≤ clip / norm, and after every rounding |Δ_i ·
// factor| ≤ clip · 2^f, whence |q_i| ≤ ⌈clip · 2^f⌉.
Result<Scaled> Scale(std::span<const float> local, std::span<const float> base, const Section& section,
                     double weight) {
  CAIRN_CHECK(local.size() == section.length && (base.empty() || base.size() == local.size()),
              "a section of another length was not refused");
  CAIRN_CHECK(section.clip > 0 && std::isfinite(section.clip),
              "a section without a clip cannot be quantised");
  CAIRN_CHECK(weight > 0 && weight <= 1, "a weight outside (0, 1]");
  UpdateView view;
  view.local_parameters = local;
  view.base_parameters = base;
  const double norm = UpdateNorm(view);
  if (!std::isfinite(norm)) return FirstBad(local, base, section);
  const bool clipped = norm > section.clip;
  const double scale = clipped ? std::nextafter(section.clip / norm, 0.0) : 1.0;
  return Scaled{scale * weight * std::ldexp(1.0, section.fraction_bits), clipped};
}

const float* At(std::span<const float> base, std::size_t i) {
  return base.empty() ? nullptr : base.data() + i;
}

}  // namespace

Status CheckNoWrap(std::span<const Section> sections, Ring ring, std::uint64_t n_max) {
  for (const Section& section : sections) {
    const int bits = section.clip > 0 ? SignedBits(ring) : static_cast<int>(ring);
    const std::uint64_t most = LargestCohort(BoundOf(section), bits);
    if (n_max <= most) continue;
    return Status(errors::kSecAggWrap, "section \"" + section.name + "\" holds at most " +
                                           std::to_string(most) + " sites in a ring of " +
                                           std::to_string(static_cast<int>(ring)) + " bits, the job allows " +
                                           std::to_string(n_max));
  }
  return Status::Ok();
}

std::uint8_t LargestFraction(double clip, Ring ring, std::uint64_t n_max) {
  int bits = kMaxFraction;
  while (bits > 0 && LargestCohort(BoundOf(clip, bits), SignedBits(ring)) < n_max) --bits;
  return static_cast<std::uint8_t>(bits);
}

std::uint64_t GridWeight(std::int64_t examples, std::uint32_t cap, int weight_bits) {
  CAIRN_CHECK(cap > 0 && weight_bits >= 0 && weight_bits <= kMaxFraction,
              "a weight needs a cap and fraction bits");
  const auto counted = static_cast<unsigned __int128>(std::clamp<std::int64_t>(examples, 0, cap));
  const auto rounded = ((counted << (weight_bits + 1)) + cap) / (static_cast<unsigned __int128>(cap) * 2);
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(rounded));
}

Result<bool> Quantise(std::span<const float> local, std::span<const float> base, const Section& section,
                      double weight, RandomStream stream, std::span<std::uint32_t> out) {
  CAIRN_CHECK(out.size() == local.size(), "room of another size than the section");
  CAIRN_CHECK(BoundOf(section) >> 31 == 0, "a section that does not fit its ring was not refused");
  CAIRN_ASSIGN_OR_RETURN(const Scaled scaled, Scale(local, base, section, weight));
  std::array<std::uint32_t, kTile> draws;
  for (std::size_t at = 0; at < local.size(); at += kTile) {
    const std::size_t n = std::min(kTile, local.size() - at);
    stream.FillU32(std::span(draws).first(n));
    Kernels().round(local.data() + at, At(base, at), n, scaled.factor, draws.data(), out.data() + at);
  }
  return scaled.clipped;
}

Result<bool> Quantise(std::span<const float> local, std::span<const float> base, const Section& section,
                      double weight, std::span<std::uint64_t> out) {
  CAIRN_CHECK(out.size() == local.size(), "room of another size than the section");
  CAIRN_CHECK(BoundOf(section) >> 63 == 0, "a section that does not fit its ring was not refused");
  CAIRN_ASSIGN_OR_RETURN(const Scaled scaled, Scale(local, base, section, weight));
  if (BoundOf(section) <= kShiftBound) {
    std::fill(out.begin(), out.end(), 0);
    const FoldInput input{local.data(), At(base, 0), scaled.factor};
    ActiveKernels().fold(&input, 1, out.size(), reinterpret_cast<std::int64_t*>(out.data()));
    return scaled.clipped;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float delta = base.empty() ? local[i] : local[i] - base[i];
    out[i] = static_cast<std::uint64_t>(std::llrint(static_cast<double>(delta) * scaled.factor));
  }
  return scaled.clipped;
}

void AddWords(std::span<const std::uint32_t> from, std::span<std::uint32_t> into) {
  CAIRN_CHECK(from.size() == into.size(), "vectors of different lengths");
  Kernels().add32(from.data(), from.size(), into.data());
}
void AddWords(std::span<const std::uint64_t> from, std::span<std::uint64_t> into) {
  CAIRN_CHECK(from.size() == into.size(), "vectors of different lengths");
  Kernels().add64(from.data(), from.size(), into.data());
}

}  // namespace cairn::secagg
