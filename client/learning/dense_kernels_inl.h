// Included once by each dense_LEVEL.cc, which defines `Lanes`: sixteen floats with Load, LoadFirst,
// Store, StoreFirst, Spread, Fma and Sum, and what fits its registers: `kMaxRows`, the rows that are summed
// together, and `kTileOutputs` by `kTileLanes`, the tile of a gradient.
// No standard header here: what these files compile to needs the level's instructions, and must
// never be merged with the code of another file.

namespace {

using Size = decltype(sizeof(0));

constexpr Size kLanes = 16;

// Calls f.template Run<R>(row) for blocks of at most `kMost` rows, sizes as even as can be.
template <int R, class Block>
inline void RunRows(Size rows, Size row, const Block& block) {
  if constexpr (R > 0) {
    if (rows == R) {
      block.template Run<R>(row);
    } else {
      RunRows<R - 1>(rows, row, block);
    }
  }
}

template <int kMost, class Block>
inline void ForBlocks(Size rows, const Block& block) {
  const Size blocks = (rows + kMost - 1) / kMost;
  Size row = 0;
  for (Size b = 0; b < blocks; ++b) {
    const Size count = (rows - row) / (blocks - b);
    RunRows<kMost>(count, row, block);
    row += count;
  }
}

struct ForwardBlock {
  const float* x;
  const float* w;
  const float* bias;
  float* y;
  Size in, out;

  template <int R, int O>
  void Outputs(Size row, Size o) const {
    Lanes sums[R][O];
    for (int r = 0; r < R; ++r) {
      for (int k = 0; k < O; ++k) sums[r][k] = Lanes::Spread(0);
    }
    Size i = 0;
    for (; i + kLanes <= in; i += kLanes) {
      Lanes weights[O];
      for (int k = 0; k < O; ++k) weights[k] = Lanes::Load(w + (o + k) * in + i);
      for (int r = 0; r < R; ++r) {
        const Lanes values = Lanes::Load(x + (row + r) * in + i);
        for (int k = 0; k < O; ++k) sums[r][k] = Fma(values, weights[k], sums[r][k]);
      }
    }
    if (i < in) {
      Lanes weights[O];
      for (int k = 0; k < O; ++k) weights[k] = Lanes::LoadFirst(w + (o + k) * in + i, in - i);
      for (int r = 0; r < R; ++r) {
        const Lanes values = Lanes::LoadFirst(x + (row + r) * in + i, in - i);
        for (int k = 0; k < O; ++k) sums[r][k] = Fma(values, weights[k], sums[r][k]);
      }
    }
    for (int r = 0; r < R; ++r) {
      for (int k = 0; k < O; ++k) y[(row + r) * out + o + k] = Sum(sums[r][k]) + (bias ? bias[o + k] : 0.0f);
    }
  }

  template <int R>
  void Run(Size row) const {
    Size o = 0;
    for (; o + 2 <= out; o += 2) Outputs<R, 2>(row, o);
    if (o < out) Outputs<R, 1>(row, o);
  }
};

struct BackwardInputBlock {
  const float* d;
  const float* w;
  float* dx;
  Size in, out;

  template <int R, int V>
  void Columns(Size row, Size i) const {
    Lanes sums[R][V];
    for (int r = 0; r < R; ++r) {
      for (int v = 0; v < V; ++v) sums[r][v] = Lanes::Spread(0);
    }
    for (Size o = 0; o < out; ++o) {
      Lanes weights[V];
      for (int v = 0; v < V; ++v) weights[v] = Lanes::Load(w + o * in + i + v * kLanes);
      for (int r = 0; r < R; ++r) {
        const Lanes delta = Lanes::Spread(d[(row + r) * out + o]);
        for (int v = 0; v < V; ++v) sums[r][v] = Fma(delta, weights[v], sums[r][v]);
      }
    }
    for (int r = 0; r < R; ++r) {
      for (int v = 0; v < V; ++v) Store(dx + (row + r) * in + i + v * kLanes, sums[r][v]);
    }
  }

  template <int R>
  void LastColumns(Size row, Size i) const {
    Lanes sums[R];
    for (int r = 0; r < R; ++r) sums[r] = Lanes::Spread(0);
    for (Size o = 0; o < out; ++o) {
      const Lanes weights = Lanes::LoadFirst(w + o * in + i, in - i);
      for (int r = 0; r < R; ++r) sums[r] = Fma(Lanes::Spread(d[(row + r) * out + o]), weights, sums[r]);
    }
    for (int r = 0; r < R; ++r) StoreFirst(dx + (row + r) * in + i, in - i, sums[r]);
  }

  template <int R>
  void Run(Size row) const {
    Size i = 0;
    for (; i + 2 * kLanes <= in; i += 2 * kLanes) Columns<R, 2>(row, i);
    for (; i + kLanes <= in; i += kLanes) Columns<R, 1>(row, i);
    if (i < in) LastColumns<R>(row, i);
  }
};

// Tiles of O outputs by V·16 inputs stay in registers while all rows pass: w is read and written once.
struct OuterTiles {
  const float* d;
  Size stride;
  const float* x;
  float* w;
  Size rows, in;
  bool accumulate;

  template <int O, int V>
  void Columns(Size o, Size i) const {
    Lanes sums[O][V];
    for (int k = 0; k < O; ++k) {
      for (int v = 0; v < V; ++v)
        sums[k][v] = accumulate ? Lanes::Load(w + (o + k) * in + i + v * kLanes) : Lanes::Spread(0);
    }
    for (Size r = 0; r < rows; ++r) {
      Lanes values[V];
      for (int v = 0; v < V; ++v) values[v] = Lanes::Load(x + r * in + i + v * kLanes);
      for (int k = 0; k < O; ++k) {
        const Lanes delta = Lanes::Spread(d[r * stride + o + k]);
        for (int v = 0; v < V; ++v) sums[k][v] = Fma(delta, values[v], sums[k][v]);
      }
    }
    for (int k = 0; k < O; ++k) {
      for (int v = 0; v < V; ++v) Store(w + (o + k) * in + i + v * kLanes, sums[k][v]);
    }
  }

  template <int O>
  void LastColumns(Size o, Size i) const {
    Lanes sums[O];
    for (int k = 0; k < O; ++k)
      sums[k] = accumulate ? Lanes::LoadFirst(w + (o + k) * in + i, in - i) : Lanes::Spread(0);
    for (Size r = 0; r < rows; ++r) {
      const Lanes values = Lanes::LoadFirst(x + r * in + i, in - i);
      for (int k = 0; k < O; ++k) sums[k] = Fma(Lanes::Spread(d[r * stride + o + k]), values, sums[k]);
    }
    for (int k = 0; k < O; ++k) StoreFirst(w + (o + k) * in + i, in - i, sums[k]);
  }

  template <int O>
  void Run(Size o) const {
    Size i = 0;
    for (; i + kTileLanes * kLanes <= in; i += kTileLanes * kLanes) Columns<O, kTileLanes>(o, i);
    for (; i + kLanes <= in; i += kLanes) Columns<O, 1>(o, i);
    if (i < in) LastColumns<O>(o, i);
  }
};

// For one row of one channel's kernel: tiles of K columns of it by V·16 outputs.
struct ConvTiles {
  const float* d;
  const float* x;  // where the row's first column meets the first position
  float* g;
  const cairn::ConvShape& shape;

  template <int K, int V>
  void Tile(Size u, Size o) const {
    Lanes sums[K][V];
    for (int k = 0; k < K; ++k) {
      for (int v = 0; v < V; ++v) sums[k][v] = Lanes::Spread(0);
    }
    const float* delta = d + o;
    for (Size i = 0; i < shape.rows; ++i) {
      const float* value = x + i * (shape.columns + shape.kernel - 1) + u;
      for (Size j = 0; j < shape.columns; ++j, ++value, delta += shape.outputs) {
        Lanes deltas[V];
        for (int v = 0; v < V; ++v) deltas[v] = Lanes::Load(delta + v * kLanes);
        for (int k = 0; k < K; ++k) {
          const Lanes spread = Lanes::Spread(value[k]);
          for (int v = 0; v < V; ++v) sums[k][v] = Fma(deltas[v], spread, sums[k][v]);
        }
      }
    }
    for (int k = 0; k < K; ++k) {
      for (int v = 0; v < V; ++v) Store(g + (u + k) * shape.outputs + o + v * kLanes, sums[k][v]);
    }
  }

  template <int K>
  void LastOutputs(Size u, Size o) const {
    const Size count = shape.outputs - o;
    Lanes sums[K];
    for (int k = 0; k < K; ++k) sums[k] = Lanes::Spread(0);
    for (Size i = 0; i < shape.rows; ++i) {
      const float* const value = x + i * (shape.columns + shape.kernel - 1) + u;
      for (Size j = 0; j < shape.columns; ++j) {
        const Lanes deltas = Lanes::LoadFirst(d + (i * shape.columns + j) * shape.outputs + o, count);
        for (int k = 0; k < K; ++k) sums[k] = Fma(deltas, Lanes::Spread(value[j + k]), sums[k]);
      }
    }
    for (int k = 0; k < K; ++k) StoreFirst(g + (u + k) * shape.outputs + o, count, sums[k]);
  }

  template <int K, int V>
  Size Outputs(Size u, Size o) const {
    for (; o + V * kLanes <= shape.outputs; o += V * kLanes) Tile<K, V>(u, o);
    if constexpr (V > 1) o = Outputs<K, V / 2>(u, o);
    return o;
  }

  template <int K>
  void Run(Size u) const {
    const Size o = Outputs<K, kTileLanes>(u, 0);
    if (o < shape.outputs) LastOutputs<K>(u, o);
  }
};

void Forward(const float* x, const float* w, const float* bias, float* y, Size rows, Size in, Size out) {
  ForBlocks<kMaxRows>(rows, ForwardBlock{x, w, bias, y, in, out});
}

void BackwardInput(const float* d, const float* w, float* dx, Size rows, Size in, Size out) {
  ForBlocks<kMaxRows>(rows, BackwardInputBlock{d, w, dx, in, out});
}

void Outer(const float* d, Size stride, const float* x, float* w, Size rows, Size in, Size out,
           bool accumulate) {
  ForBlocks<kTileOutputs>(out, OuterTiles{d, stride, x, w, rows, in, accumulate});
}

void ConvOuter(const float* d, const float* x, float* g, const cairn::ConvShape& shape) {
  const Size width = shape.columns + shape.kernel - 1, height = shape.rows + shape.kernel - 1;
  for (Size c = 0; c < shape.channels; ++c) {
    for (Size v = 0; v < shape.kernel; ++v) {
      const Size first = (c * shape.kernel + v) * shape.kernel * shape.outputs;
      ForBlocks<kTileOutputs>(shape.kernel, ConvTiles{d, x + (c * height + v) * width, g + first, shape});
    }
  }
}

}  // namespace
