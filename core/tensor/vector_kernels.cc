#include "core/tensor/vector_kernels.h"

#include <atomic>
#include <string_view>

#include "core/tensor/exact_sum.h"

namespace cairn {
namespace {

constexpr const VectorKernels* kWidestFirst[] = {
#if defined(__x86_64__)
    &kAvx512Kernels,
    &kAvx2Kernels,
#endif
    &kBaseKernels,
};

const VectorKernels* Widest() {
  for (const VectorKernels* kernels : kWidestFirst) {
    if (kernels->supported()) return kernels;
  }
  return &kBaseKernels;
}

// Written by tests and by `numerics.dispatch` before lanes start.
std::atomic<const VectorKernels*>& Chosen() {
  static std::atomic<const VectorKernels*> chosen{Widest()};
  return chosen;
}

}  // namespace

const VectorKernels& ActiveKernels() { return *Chosen().load(std::memory_order_relaxed); }

const char* ExactSumKernel() { return ActiveKernels().name; }

bool ForceExactSumKernel(const char* name) {
  const std::string_view wanted = name;
  for (const VectorKernels* kernels : kWidestFirst) {
    if ((wanted == "auto" || wanted == kernels->name) && kernels->supported()) {
      Chosen().store(kernels, std::memory_order_relaxed);
      return true;
    }
  }
  return false;
}

}  // namespace cairn
