#include "client/learning/conv_gradients.h"

#include <algorithm>

namespace cairn {
namespace {

// row(r, factor) for every row, with its unit's factor.
template <class Row>
void ForRows(const UnitNorms& norms, const Row& row) {
  for (std::size_t u = 0; u < norms.units(); ++u) {
    for (std::size_t r = norms.begin(u); r < norms.end(u); ++r) row(r, norms.factors()[u]);
  }
}

}  // namespace

ConvGradients::ConvGradients(const Layer& layer)
    : layer_(layer),
      shape_{.channels = layer.channels,
             .outputs = layer.outputs,
             .kernel = layer.kernel,
             .rows = layer.height + 2 * layer.pad - layer.kernel + 1,
             .columns = layer.width + 2 * layer.pad - layer.kernel + 1} {}

void ConvGradients::Reserve(std::size_t rows) {
  if (layer_.weight) weights_.reserve(rows * patch() * shape_.outputs);
  if (layer_.bias) biases_.reserve(rows * shape_.outputs);
}

void ConvGradients::Make(const float* inputs, const float* deltas, std::size_t rows) {
  rows_ = rows;
  const std::size_t outputs = shape_.outputs, size = patch() * outputs;
  image_.resize(shape_.channels * (layer_.height + 2 * layer_.pad) * (layer_.width + 2 * layer_.pad));
  deltas_.resize(positions() * outputs);
  if (layer_.weight) weights_.resize(rows * size);
  if (layer_.bias) biases_.assign(rows * outputs, 0.0f);
  for (std::size_t r = 0; r < rows; ++r) {
    CopyByPosition(deltas + r * positions() * outputs);
    if (layer_.weight) {
      CopyPadded(inputs + r * shape_.channels * layer_.height * layer_.width);
      kernels_.conv_outer(deltas_.data(), image_.data(), &weights_[r * size], shape_);
    }
    if (!layer_.bias) continue;
    float* const bias = &biases_[r * outputs];
    for (std::size_t p = 0; p < positions(); ++p) {
      for (std::size_t o = 0; o < outputs; ++o) bias[o] += deltas_[p * outputs + o];
    }
  }
}

void ConvGradients::CopyPadded(const float* image) {
  const std::size_t pad = layer_.pad, width = layer_.width + 2 * pad, height = layer_.height + 2 * pad;
  for (std::size_t c = 0; c < shape_.channels; ++c) {
    for (std::size_t y = 0; y < layer_.height; ++y) {
      std::copy_n(image + (c * layer_.height + y) * layer_.width, layer_.width,
                  &image_[(c * height + y + pad) * width + pad]);  // the frame stays zero
    }
  }
}

void ConvGradients::CopyByPosition(const float* deltas) {
  for (std::size_t o = 0; o < shape_.outputs; ++o) {
    for (std::size_t p = 0; p < positions(); ++p)
      deltas_[p * shape_.outputs + o] = deltas[o * positions() + p];
  }
}

void ConvGradients::AddNorms(UnitNorms& norms) const {
  if (layer_.weight) norms.AddExplicit(weights_.data(), patch() * shape_.outputs);
  if (layer_.bias) norms.AddExplicit(biases_.data(), shape_.outputs);
}

std::span<const float> ConvGradients::SumRows(const UnitNorms& norms, std::vector<float>& rows) {
  const std::size_t size = rows.size() / rows_;
  factors_.resize(rows_);
  ForRows(norms, [&](std::size_t r, float factor) {
    factors_[r] = factor;
    if (factor == 0) std::fill_n(&rows[r * size], size, 0.0f);
  });
  sum_.resize(std::max(sum_.size(), size));
  kernels_.outer(factors_.data(), 1, rows.data(), sum_.data(), rows_, size, 1, false);
  return std::span(sum_).first(size);
}

void ConvGradients::SumWeight(const UnitNorms& norms, std::span<float> sum) {
  const std::span<const float> by_patch = SumRows(norms, weights_);
  for (std::size_t i = 0; i < patch(); ++i) {
    for (std::size_t o = 0; o < shape_.outputs; ++o) sum[o * patch() + i] = by_patch[i * shape_.outputs + o];
  }
}

void ConvGradients::SumBias(const UnitNorms& norms, std::span<float> sum) {
  std::ranges::copy(SumRows(norms, biases_), sum.begin());
}

void ConvGradients::AddWeight(const UnitNorms& norms, std::span<double> sum) const {
  ForRows(norms, [&](std::size_t r, double factor) {
    if (factor == 0) return;
    const float* const row = &weights_[r * patch() * shape_.outputs];
    for (std::size_t i = 0; i < patch(); ++i) {
      for (std::size_t o = 0; o < shape_.outputs; ++o)
        sum[o * patch() + i] += factor * double{row[i * shape_.outputs + o]};
    }
  });
}

void ConvGradients::AddBias(const UnitNorms& norms, std::span<double> sum) const {
  ForRows(norms, [&](std::size_t r, double factor) {
    if (factor == 0) return;
    for (std::size_t o = 0; o < shape_.outputs; ++o)
      sum[o] += factor * double{biases_[r * shape_.outputs + o]};
  });
}

}  // namespace cairn
