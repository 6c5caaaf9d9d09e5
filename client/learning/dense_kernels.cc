#include "client/learning/dense_kernels.h"

#include <cstring>
#include <initializer_list>

namespace cairn {

extern const DenseKernels kDenseBase;
#if defined(__x86_64__)
extern const DenseKernels kDenseAvx2, kDenseAvx512;
#endif

const DenseKernels* FindDenseKernels(const char* name) {
  if (std::strcmp(name, "base") == 0) return &kDenseBase;
#if defined(__x86_64__)
  const bool has_fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (std::strcmp(name, "avx2") == 0 && has_fma) return &kDenseAvx2;
  if (std::strcmp(name, "avx512") == 0 && has_fma && __builtin_cpu_supports("avx512f")) return &kDenseAvx512;
#endif
  return nullptr;
}

const DenseKernels& BestDenseKernels() {
  for (const char* name : {"avx512", "avx2"}) {
    if (const DenseKernels* found = FindDenseKernels(name)) return *found;
  }
  return kDenseBase;
}

}  // namespace cairn
