#include "client/learning/lot_summer.h"

#include <algorithm>
#include <bit>
#include <cmath>

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

// To the nearest integer, ties to even; |value| below 2^51. Adding 1.5·2^52 leaves no bits below the point,
// and is a loop that compilers vectorize where a conversion is not.
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

template <class Real>
void LotSummer::AddRounded(std::span<const Real> values) {
  const double scale = 1 / terms_.step;
  std::int64_t* const sum = sum_.data();
  const std::size_t count = values.size();
  if (is_first_) {
    for (std::size_t i = 0; i < count; ++i) sum[i] = Rounded(double{values[i]} * scale);
  } else {
    for (std::size_t i = 0; i < count; ++i) sum[i] += Rounded(double{values[i]} * scale);
  }
  is_first_ = false;
}

Result<LotSummer::LotLoss> LotSummer::Sum(std::span<const LotMember> lot, std::span<std::int64_t> sum) {
  sum_ = sum;
  is_first_ = true;
  loss_ = {};
  while (!lot.empty()) {
    const auto end =
        std::ranges::find_if(lot, [&](const LotMember& member) { return member.block != lot.front().block; });
    const auto size = static_cast<std::size_t>(end - lot.begin());
    CAIRN_RETURN_IF_ERROR(SumBlock(lot.first(size)));
    lot = lot.subspan(size);
  }
  if (is_first_) std::ranges::fill(sum, 0);
  return loss_;
}

Status LotSummer::SumBlock(std::span<const LotMember> block) {
  is_block_open_ = false;
  rounding_ = 0;
  const auto is_many = [&](const LotMember& member) { return units_.rows(member.unit).size() > 1; };
  const double lengths =
      static_cast<double>(block.size()) * (std::ranges::any_of(block, is_many) ? kCancellation : 1.0);
  const auto most_rows = static_cast<std::size_t>(std::max(1.0, kMostRounding / lengths - 1));
  for (std::span<const LotMember> rest = block; !rest.empty();) {
    const std::size_t taken = TakeChunk(rest, std::min(most_rows, engine_.most_unit_rows()));
    if (taken == 0) {
      CAIRN_RETURN_IF_ERROR(SumLargeUnit(rest.front()));
    } else {
      CAIRN_RETURN_IF_ERROR(SumChunk(taken == block.size()));
    }
    rest = rest.subspan(std::max(taken, std::size_t{1}));
  }
  if (is_block_open_) AddRounded(std::span<const double>(block_));
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

void LotSummer::OpenBlock() {
  if (!is_block_open_) block_.assign(sum_.size(), 0.0);
  is_block_open_ = true;
}

Status LotSummer::SumChunk(bool is_whole_block) {
  Gather(rows_);
  CAIRN_ASSIGN_OR_RETURN(
      const ClippedSum clipped,
      engine_.ComputeClippedSum({.ends = ends_, .labels = labels_, .dropout = dropout_, .loss = terms_.loss},
                                terms_.clip));
  loss_.sum += clipped.loss;
  const double rounding = rounding_ + static_cast<double>(rows_.size() + 1) * clipped.mass / terms_.clip;
  if (!(rounding <= kMostRounding)) {
    OpenBlock();
    return engine_.AddClippedSum(block_);
  }
  rounding_ = rounding;
  if (is_whole_block) {
    AddRounded(std::span<const float>(engine_.gradients()));
    return {};
  }
  OpenBlock();
  const std::span<const float> gradients = engine_.gradients();
  for (std::size_t i = 0; i < block_.size(); ++i) block_[i] += double{gradients[i]};
  return {};
}

// A gradient in pieces, each a mean over its rows; whoever else is in the lot, the pieces are the same.
Status LotSummer::SumLargeUnit(const LotMember& member) {
  OpenBlock();
  unit_.assign(sum_.size(), 0.0);
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
