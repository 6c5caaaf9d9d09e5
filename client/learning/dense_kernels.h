#pragma once

#include <cstddef>

namespace cairn {

// The three products of a dense layer with weights W (out × in), inputs x (rows × in) and gradients
// d (rows × out), all row-major float32. Every sum over `in` runs in sixteen fused multiply-add
// lanes that are then added as a tree, every other sum in index order, so each level gives the same
// bytes and no row's result depends on its neighbours.
struct DenseKernels {
  const char* name;
  // y = x·Wᵀ + bias; bias may be null.
  void (*forward)(const float* x, const float* w, const float* bias, float* y, std::size_t rows,
                  std::size_t in, std::size_t out);
  // dx = d·W.
  void (*backward_input)(const float* d, const float* w, float* dx, std::size_t rows, std::size_t in,
                         std::size_t out);
  // w += dᵀ·x, after w = 0 unless `accumulate`. With d scaled by −lr and accumulate this is plain SGD. The
  // rows of d are `stride` apart: some of a layer's outputs may be done at a time.
  void (*outer)(const float* d, std::size_t stride, const float* x, float* w, std::size_t rows,
                std::size_t in, std::size_t out, bool accumulate);
};

// The widest level this processor has.
const DenseKernels& BestDenseKernels();
// "avx512", "avx2", "base"; null where the build or the processor lacks it.
const DenseKernels* FindDenseKernels(const char* name);

}  // namespace cairn
