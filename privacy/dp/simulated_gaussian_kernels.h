#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn {

// Two words of 32 bits make two normal numbers; a block of radii words comes first, then as many of angles,
// and likewise in the output. One source (simulated_gaussian_loop.h) compiled for three instruction sets:
// element by element the same operations, so all give the same bits.
struct SimulatedGaussianKernelSet {
  const char* name;
  bool (*supported)();
  void (*fill)(const std::uint32_t* words, std::size_t pairs, float* out);
};

extern const SimulatedGaussianKernelSet kSimulatedGaussianBase;
#if defined(__x86_64__)
extern const SimulatedGaussianKernelSet kSimulatedGaussianAvx2;
extern const SimulatedGaussianKernelSet kSimulatedGaussianAvx512;
#endif

}  // namespace cairn
