#include "client/learning/lot_summer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "core/base/check.h"

namespace cairn {
namespace {

// (R + 1)·M of a block's float sums, in clips: 2^13 of 2^−24 are 2^−11. The rest is for a product's own
// rounding and the sums in double.
constexpr double kMostRounding = 8190;
constexpr std::uint32_t kRowsABlock = 64, kPatientsABlock = 16;
// A patient's rows partly cancel: their norms add up to more than the norm of their sum. A guess that only
// decides how many rows are tried at a time.
constexpr double kCancellation = 4;

RandomStream DropoutOf(const LotMember& member) {
  return RandomStream(member.dropout_key, {.purpose = Purpose::kDropout});
}

// As StepKernels::round does it.
std::int64_t Rounded(double value) {
  constexpr double kMagic = 0x1.8p52;
  return std::bit_cast<std::int64_t>(value + kMagic) - std::bit_cast<std::int64_t>(kMagic);
}

double Norm(std::span<const double> values) {
  double sum = 0;
  for (const double x : values) sum += x * x;
  return std::sqrt(sum);
}

}  // namespace

LotSummer::LotSummer(BatchEngine& engine, const ExampleSource& data, const UnitIndex& units, Terms terms)
    : engine_(engine), data_(data), units_(units), terms_(terms) {}

std::uint32_t LotSummer::BlocksFor(std::uint32_t expected_lot, const ExampleSource& data) {
  const std::uint32_t each = data.has_units() ? kPatientsABlock : kRowsABlock;
  return std::max(1u, (expected_lot + each / 2) / each);
}

// Rounds a block to the grid, in order: into the sum of the blocks so far, or of the last block, that sum
// added, piece by piece to the sink.
class LotSummer::Rounder final : public GradientSink {
 public:
  Rounder(LotSummer& summer, bool is_last) : summer_(summer), is_last_(is_last) {}

  void Take(std::size_t offset, std::span<float> gradients) override {
    Add(offset, gradients, [&](const float* from, std::int64_t* to, std::size_t count, bool adds) {
      summer_.kernels_.round(from, 1 / summer_.terms_.step, to, count, adds);
    });
  }
  void Take(std::span<const double> block) {
    const double scale = 1 / summer_.terms_.step;
    Add(0, block, [&](const double* from, std::int64_t* to, std::size_t count, bool adds) {
      for (std::size_t i = 0; i < count; ++i) to[i] = (adds ? to[i] : 0) + Rounded(from[i] * scale);
    });
  }
  void TakeNothing() {
    std::array<float, GridSink::kPiece> zeros = {};
    for (std::size_t size = summer_.engine_.gradients().size(); done_ < size;)
      Take(done_, std::span(zeros).first(std::min(zeros.size(), size - done_)));
  }
  void Finish() {
    CAIRN_CHECK(done_ == summer_.engine_.gradients().size(), "an engine hands over all of a gradient");
    if (is_last_) Flush();
    summer_.has_sum_ = !is_last_;
  }

 private:
  template <class Real, class Round>
  void Add(std::size_t offset, std::span<Real> values, const Round& round) {
    CAIRN_CHECK(offset == done_, "an engine hands a gradient over in order");
    done_ += values.size();
    if (!is_last_) return round(values.data(), &summer_.sum_[offset], values.size(), summer_.has_sum_);
    while (!values.empty()) {
      const std::size_t count = std::min(values.size(), piece_.size() - filled_);
      std::int64_t* const to = &piece_[filled_];
      if (summer_.has_sum_) std::copy_n(&summer_.sum_[flushed_ + filled_], count, to);
      round(values.data(), to, count, summer_.has_sum_);
      values = values.subspan(count);
      filled_ += count;
      if (filled_ == piece_.size()) Flush();
    }
  }
  void Flush() {
    if (filled_ > 0) summer_.sink_->Take(flushed_, std::span(piece_).first(filled_));
    flushed_ += filled_;
    filled_ = 0;
  }

  LotSummer& summer_;
  const bool is_last_;
  std::size_t done_ = 0, flushed_ = 0, filled_ = 0;
  std::array<std::int64_t, GridSink::kPiece> piece_;
};

// Adds to a block, in float or in double.
template <class Real>
class LotSummer::BlockSink final : public GradientSink {
 public:
  explicit BlockSink(std::span<Real> block) : block_(block) {}
  void Take(std::size_t offset, std::span<float> gradients) override {
    Real* const block = block_.data() + offset;
    for (std::size_t i = 0; i < gradients.size(); ++i) block[i] += Real{gradients[i]};
  }

 private:
  std::span<Real> block_;
};

Result<LotSummer::LotLoss> LotSummer::Sum(std::span<const LotMember> lot, GridSink& sink) {
  sink_ = &sink;
  has_sum_ = false;
  loss_ = {};
  if (lot.empty()) {
    Rounder rounder(*this, true);
    rounder.TakeNothing();
    rounder.Finish();
  }
  while (!lot.empty()) {
    const auto end =
        std::ranges::find_if(lot, [&](const LotMember& member) { return member.block != lot.front().block; });
    const auto size = static_cast<std::size_t>(end - lot.begin());
    const bool is_last = size == lot.size();
    if (!is_last) sum_.resize(engine_.gradients().size());
    CAIRN_RETURN_IF_ERROR(SumBlock(lot.first(size), is_last));
    lot = lot.subspan(size);
  }
  return loss_;
}

Status LotSummer::SumBlock(std::span<const LotMember> block, bool is_last) {
  block_is_ = BlockIs::kEmpty;
  rounding_ = mass_ = 0;
  const auto is_many = [&](const LotMember& member) { return units_.rows(member.unit).size() > 1; };
  const double lengths =
      static_cast<double>(block.size()) * (std::ranges::any_of(block, is_many) ? kCancellation : 1.0);
  const auto most_rows = static_cast<std::size_t>(std::max(1.0, kMostRounding / lengths - 1));
  for (std::span<const LotMember> rest = block; !rest.empty();) {
    const std::size_t taken = TakeChunk(rest, std::min(most_rows, engine_.most_unit_rows()));
    if (taken == 0) {
      CAIRN_RETURN_IF_ERROR(SumLargeUnit(rest.front()));
    } else {
      CAIRN_RETURN_IF_ERROR(SumChunk(taken == block.size(), is_last));
    }
    rest = rest.subspan(std::max(taken, std::size_t{1}));
  }
  CloseBlock(is_last);
  return {};
}

// How many units go into the next batch; 0 where the first alone is too large. Lists their rows.
std::size_t LotSummer::TakeChunk(std::span<const LotMember> rest, std::size_t most_rows) {
  rows_.clear();
  ends_.clear();
  dropout_.clear();
  for (const LotMember& member : rest) {
    const auto rows = units_.rows(member.unit);
    const std::size_t limit = ends_.empty() ? engine_.most_unit_rows() : most_rows;
    if (rows_.size() + rows.size() > limit) break;
    rows_.insert(rows_.end(), rows.begin(), rows.end());
    ends_.push_back(static_cast<std::uint32_t>(rows_.size()));
    dropout_.push_back(DropoutOf(member));
  }
  return ends_.size();
}

void LotSummer::Gather(std::span<const std::uint32_t> rows) {
  const auto width = static_cast<std::size_t>(engine_.inputs());
  labels_.resize(rows.size());
  data_.Gather(rows, engine_.features().first(rows.size() * width), labels_);
  loss_.rows += rows.size();
}

// Goes on in double, which holds what floats have summed.
void LotSummer::OpenBlock() {
  if (block_is_ == BlockIs::kDouble) return;
  const std::span<const float> so_far = engine_.gradients();
  if (block_is_ == BlockIs::kFloat) {
    block_.assign(so_far.begin(), so_far.end());
  } else {
    block_.assign(so_far.size(), 0.0);
  }
  block_is_ = BlockIs::kDouble;
}

void LotSummer::CloseBlock(bool is_last) {
  if (block_is_ == BlockIs::kEmpty) return;  // or a single chunk, already with the sum
  Rounder rounder(*this, is_last);
  if (block_is_ == BlockIs::kDouble) {
    rounder.Take(std::span<const double>(block_));
  } else {
    rounder.Take(0, engine_.gradients());
  }
  rounder.Finish();
}

Status LotSummer::SumChunk(bool is_whole_block, bool is_last) {
  Gather(rows_);
  CAIRN_ASSIGN_OR_RETURN(
      const ClippedSum clipped,
      engine_.ClipUnits({.ends = ends_, .labels = labels_, .dropout = dropout_, .loss = terms_.loss},
                        terms_.clip));
  loss_.sum += clipped.loss;
  const double mass = clipped.mass / terms_.clip;
  // What was rounded before is rounded again with each addition.
  double rounding = rounding_ * (1 + 0x1p-23) + static_cast<double>(rows_.size() + 1) * mass;
  if (block_is_ == BlockIs::kFloat) rounding += mass_ + mass;  // of the addition to what there is
  if (!(rounding <= kMostRounding)) {
    OpenBlock();
    return engine_.AddClippedSum(block_);
  }
  rounding_ = rounding;
  mass_ += mass;
  if (is_whole_block) {
    Rounder rounder(*this, is_last);
    CAIRN_RETURN_IF_ERROR(engine_.StreamClippedSum(rounder));
    rounder.Finish();
    return {};
  }
  if (block_is_ == BlockIs::kDouble) {
    BlockSink<double> block(block_);
    return engine_.StreamClippedSum(block);
  }
  if (block_is_ == BlockIs::kEmpty) std::ranges::fill(engine_.gradients(), 0.0f);
  block_is_ = BlockIs::kFloat;
  BlockSink<float> block(engine_.gradients());
  return engine_.StreamClippedSum(block);
}

// A gradient in pieces, each a mean over its rows; whoever else is in the lot, the pieces are the same.
Status LotSummer::SumLargeUnit(const LotMember& member) {
  OpenBlock();
  unit_.assign(block_.size(), 0.0);
  RandomStream dropout = DropoutOf(member);
  for (auto rest = units_.rows(member.unit); !rest.empty();) {
    const auto piece = rest.first(std::min(rest.size(), engine_.most_unit_rows()));
    Gather(piece);
    const auto rows = static_cast<double>(piece.size());
    CAIRN_ASSIGN_OR_RETURN(
        const double loss,
        engine_.ComputeGradients(
            {.rows = piece.size(), .labels = labels_, .loss = terms_.loss, .dropout = &dropout}));
    loss_.sum += loss * rows;
    const std::span<const float> gradients = engine_.gradients();
    for (std::size_t i = 0; i < unit_.size(); ++i) unit_[i] += rows * double{gradients[i]};
    rest = rest.subspan(piece.size());
  }
  const double norm = Norm(unit_) * (1 + 0x1p-20);  // of up to 2^30 squares in double
  if (!std::isfinite(norm)) return {};
  const double factor = norm <= terms_.clip ? 1.0 : terms_.clip / norm;
  for (std::size_t i = 0; i < unit_.size(); ++i) block_[i] += factor * unit_[i];
  return {};
}

}  // namespace cairn
