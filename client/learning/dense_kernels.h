#pragma once

#include <cstddef>

namespace cairn {

// A square convolution of stride 1. Its image has the padding around it: rows + kernel − 1 by columns +
// kernel − 1 for each channel.
struct ConvShape {
  std::size_t channels = 0, outputs = 0, kernel = 0;
  std::size_t rows = 0, columns = 0;  // of positions, in what the layer puts out
};

// The three products of a dense layer with weights W (out × in), inputs x (rows × in) and gradients
// d (rows × out), all row-major float32. Every sum over `in` runs in sixteen fused multiply-add
// lanes that are then added as a tree, every other sum in index order, so each level gives the same
// bytes and no row's result depends on its neighbours. And what a convolution needs for one image.
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
  // g[c, v, u, o] = Σ over positions (i, j) of d[i, j, o]·x[c, i + v, j + u]: the gradient by the weights of
  // one image x, outputs innermost in d and in g.
  void (*conv_outer)(const float* d, const float* x, float* g, const ConvShape& shape);
};

// The widest level this processor has.
const DenseKernels& BestDenseKernels();
// "avx512", "avx2", "base"; null where the build or the processor lacks it.
const DenseKernels* FindDenseKernels(const char* name);

}  // namespace cairn
