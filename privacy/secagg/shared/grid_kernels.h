#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::secagg {

// The loops over every coordinate of a masked vector, one set per instruction level. Every set gives the same
// bits as the base loops; tests hold them against an oracle. Pointers need no alignment.
struct GridKernels {
  const char* name;
  bool (*supported)();
  // out[i] = ⌊x⌋ + [(x − ⌊x⌋) + draws[i] · 2^−32 ≥ 1] in double, x = double(Δ_i) · factor, as a two's
  // complement word; Δ = local − base in float32, base null where local already is Δ. |x| < 2^31, so x is
  // never rounded past ⌈|x|⌉.
  void (*round)(const float* local, const float* base, std::size_t n, double factor,
                const std::uint32_t* draws, std::uint32_t* out);
  // into[i] += from[i], wrapping.
  void (*add32)(const std::uint32_t* from, std::size_t n, std::uint32_t* into);
  void (*add64)(const std::uint64_t* from, std::size_t n, std::uint64_t* into);
};

extern const GridKernels kBaseGrid;
#if defined(__x86_64__)
extern const GridKernels kAvx2Grid;
extern const GridKernels kAvx512Grid;
#endif

}  // namespace cairn::secagg
