#include "client/learning/step_kernels.h"

#include <cstring>
#include <initializer_list>

namespace cairn {

extern const StepKernels kStepBase;
#if defined(__x86_64__)
extern const StepKernels kStepAvx2, kStepAvx512;
#endif

const StepKernels* FindStepKernels(const char* name) {
  if (std::strcmp(name, "base") == 0) return &kStepBase;
#if defined(__x86_64__)
  const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (std::strcmp(name, "avx2") == 0 && has_avx2) return &kStepAvx2;
  if (std::strcmp(name, "avx512") == 0 && has_avx2 && __builtin_cpu_supports("avx512f")) return &kStepAvx512;
#endif
  return nullptr;
}

const StepKernels& BestStepKernels() {
  for (const char* name : {"avx512", "avx2"}) {
    if (const StepKernels* found = FindStepKernels(name)) return *found;
  }
  return kStepBase;
}

}  // namespace cairn
