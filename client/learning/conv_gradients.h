#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "client/learning/dense_kernels.h"
#include "client/learning/unit_norms.h"

namespace cairn {

// The gradients of a square convolution of stride 1, a row's after the other: what clips them needs their
// norms, and an image has far more positions than a kernel has weights, so norms by inner products of
// positions would cost more than the gradients do. The same memory then gives their clipped sum.
//
//   gradients.Make(inputs, deltas, rows);
//   gradients.AddNorms(norms);       // then norms.Clip
//   gradients.SumWeight(norms, sum);
//
// Every row's gradient is summed over its positions in order, whoever else is in the batch and whatever the
// processor. Keeps its memory: as many floats as `rows` times the layer's parameters. Not thread-safe.
class ConvGradients {
 public:
  struct Layer {
    std::size_t channels = 0, height = 0, width = 0;  // of the input
    std::size_t outputs = 0, kernel = 0, pad = 0;
    bool weight = true, bias = true;  // that learn
  };
  explicit ConvGradients(const Layer& layer);

  // Makes room for that many rows, so that lots of changing size do not tear the heap.
  void Reserve(std::size_t rows);

  // inputs: rows × channels × height × width; deltas, by what the layer put out: rows × outputs × positions.
  void Make(const float* inputs, const float* deltas, std::size_t rows);
  void AddNorms(UnitNorms& norms) const;
  // Writes Σ over rows of factor · gradient. A row of factor 0 may hold what is not finite.
  void SumWeight(const UnitNorms& norms, std::span<float> sum);
  void SumBias(const UnitNorms& norms, std::span<float> sum);
  // Adds it, in double.
  void AddWeight(const UnitNorms& norms, std::span<double> sum) const;
  void AddBias(const UnitNorms& norms, std::span<double> sum) const;

 private:
  std::size_t positions() const { return shape_.rows * shape_.columns; }
  std::size_t patch() const { return shape_.channels * shape_.kernel * shape_.kernel; }
  void CopyPadded(const float* image);
  void CopyByPosition(const float* deltas);
  std::span<const float> SumRows(const UnitNorms& norms, std::vector<float>& rows);

  const DenseKernels& kernels_ = BestDenseKernels();
  const Layer layer_;
  const ConvShape shape_;
  std::size_t rows_ = 0;
  std::vector<float> image_, deltas_;    // of one row: padded, and positions × outputs
  std::vector<float> weights_, biases_;  // rows × patch × outputs, rows × outputs
  std::vector<float> factors_, sum_;
};

}  // namespace cairn
