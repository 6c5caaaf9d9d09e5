#include "privacy/dp/simulated_gaussian.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <string_view>

#include "privacy/dp/simulated_gaussian_kernels.h"

namespace cairn {
namespace {

constexpr const SimulatedGaussianKernelSet* kWidestFirst[] = {
#if defined(__x86_64__)
    &kSimulatedGaussianAvx512,
    &kSimulatedGaussianAvx2,
#endif
    &kSimulatedGaussianBase,
};

const SimulatedGaussianKernelSet* Widest() {
  for (const auto* kernel : kWidestFirst) {
    if (kernel->supported()) return kernel;
  }
  return &kSimulatedGaussianBase;
}

std::atomic<const SimulatedGaussianKernelSet*>& Chosen() {
  static std::atomic<const SimulatedGaussianKernelSet*> chosen{Widest()};
  return chosen;
}

}  // namespace

const char* SimulatedGaussianKernel() { return Chosen().load(std::memory_order_relaxed)->name; }

bool ForceSimulatedGaussianKernel(const char* name) {
  const std::string_view wanted = name;
  for (const auto* kernel : kWidestFirst) {
    if ((wanted == "auto" || wanted == kernel->name) && kernel->supported()) {
      Chosen().store(kernel, std::memory_order_relaxed);
      return true;
    }
  }
  return false;
}

void FillSimulatedGaussian(std::span<float> out, NoiseBits& bits) {
  constexpr std::size_t kBlock = 4096;  // floats: 16 KiB of bits stay in the first cache
  const auto& kernel = *Chosen().load(std::memory_order_relaxed);
  std::array<std::uint64_t, kBlock / 2> words;
  std::array<float, kBlock> spare;
  while (!out.empty()) {
    const std::size_t count = std::min(out.size(), kBlock);
    const std::size_t made = (count + 3) / 4 * 4;  // whole blocks of the cipher
    bits.Take(std::span(words).first(made / 2));
    const auto* halves = reinterpret_cast<const std::uint32_t*>(words.data());
    if (made == count) {
      kernel.fill(halves, made / 2, out.data());
    } else {
      kernel.fill(halves, made / 2, spare.data());
      std::copy_n(spare.begin(), count, out.begin());
    }
    out = out.subspan(count);
  }
}

}  // namespace cairn
