#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "client/data/example_source.h"
#include "client/learning/batch_engine.h"
#include "client/learning/poisson_lot.h"
#include "client/learning/step_kernels.h"
#include "core/base/result.h"

namespace cairn {

// Takes a sum of integers on the grid in pieces of kPiece coordinates (the last may be shorter), in order.
class GridSink {
 public:
  static constexpr std::size_t kPiece = 1024;
  virtual ~GridSink() = default;
  // The coordinates from `offset` on; the sink may overwrite them.
  virtual void Take(std::size_t offset, std::span<std::int64_t> sum) = 0;
};

// Sums the clipped gradients of a lot as integers on a grid, so that two sums whose lots differ by one unit
// lie at most GridOf(…).sensitivity steps apart, in the arithmetic used and not only on paper.
//
// A lot is summed in blocks. A unit touches the one block it drew, so every other block is equal bit for
// bit. Within its block the rows are summed in float, a batch at a time: R rows whose clipped gradients'
// norms add up to M round by at most (R + 1)·2^−24·M, and a batch added to others by 2^−24 of the M of all.
// Over a block that stays below 2^−11 of the clip C, so two neighbours differ by C(1 + 2^−10) before the
// block is rounded to the grid, once, and by g·√d more after. Where floats would round more (a patient's many
// rows that cancel) the same products are summed in double. A unit of more rows than one batch is summed,
// measured and clipped in double by itself.
//
// That rests on a unit's gradient being the same bits whoever else is in the batch: true of PlanEngine,
// nearly true of LibTorch's convolutions, whose choice of kernel may depend on the size of a batch.
// Not thread-safe. What it borrows must outlive it.
class LotSummer {
 public:
  struct Terms {
    Loss loss = Loss::kCrossEntropy;
    double clip = 1;
    double step = 1;  // g, a power of two
  };
  LotSummer(BatchEngine& engine, const ExampleSource& data, const UnitIndex& units, Terms terms);

  // How many blocks lots of this expected size are drawn into: units of one row 64 a block, patients 16.
  static std::uint32_t BlocksFor(std::uint32_t expected_lot, const ExampleSource& data);

  struct LotLoss {  // unclipped
    double sum = 0;
    std::uint64_t rows = 0;
  };
  // Hands the sum over `lot`, which is ordered as DrawLot orders it, to `sink`: piece by piece as the last
  // block's products are made, so that a lot of one block is nowhere written down whole. The sink may change
  // the engine's parameters. Loss and rows are private.
  Result<LotLoss> Sum(std::span<const LotMember> lot, GridSink& sink);

 private:
  class Rounder;
  template <class Real>
  class BlockSink;
  // Where the rows of a block that takes several batches have been summed so far.
  enum class BlockIs : std::uint8_t { kEmpty, kFloat, kDouble };  // kFloat: in engine_.gradients()
  Status SumBlock(std::span<const LotMember> block, bool is_last);
  std::size_t TakeChunk(std::span<const LotMember> rest, std::size_t most_rows);
  Status SumChunk(bool is_whole_block, bool is_last);
  Status SumLargeUnit(const LotMember& member);
  void Gather(std::span<const std::uint32_t> rows);
  void OpenBlock();
  void CloseBlock(bool is_last);

  BatchEngine& engine_;
  const ExampleSource& data_;
  const UnitIndex& units_;
  Terms terms_;
  const StepKernels& kernels_ = BestStepKernels();
  GridSink* sink_ = nullptr;       // while Sum runs
  std::vector<std::int64_t> sum_;  // of the blocks before the last; empty until a lot has some
  bool has_sum_ = false;           // sum_ counts
  LotLoss loss_;
  double rounding_ = 0;  // of the block's float sums so far, in clips of 2^−24
  double mass_ = 0;      // of the rows in them, in clips
  BlockIs block_is_ = BlockIs::kEmpty;
  std::vector<double> block_, unit_;
  std::vector<std::uint32_t> rows_, ends_;
  std::vector<std::int64_t> labels_;
  std::vector<RandomStream> dropout_;
};

}  // namespace cairn
