#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn {

// The loops over every coordinate that a private step has beside a layer's products, one set per instruction
// level. Every set gives the same bytes; tests hold them against plain loops. Pointers need no alignment.
struct StepKernels {
  const char* name;
  // Σ a·b: products exact in double, in sixteen lanes that are then added as a tree.
  double (*dot)(const float* a, const float* b, std::size_t count);
  // sum = values·scale to the nearest integer, ties to even; sum += it with `add`. |values·scale| < 2^51.
  void (*round)(const float* values, double scale, std::int64_t* sum, std::size_t count, bool add);
  // w −= lr·(g + decay·w): plain SGD.
  void (*sgd)(float* w, const float* g, float lr, float decay, std::size_t count);
};

// The widest level this processor has.
const StepKernels& BestStepKernels();
// "avx512", "avx2", "base"; null where the build or the processor lacks it.
const StepKernels* FindStepKernels(const char* name);

}  // namespace cairn
