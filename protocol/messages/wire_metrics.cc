#include <cstdint>
#include <span>

#include "cairn/v1/common.pb.h"
#include "protocol/messages/wire.h"

namespace cairn::wire {
namespace {

using Counts = google::protobuf::RepeatedField<std::int64_t>;

void ToWire(const std::vector<std::int64_t>& counts, Counts* out) {
  out->Assign(counts.begin(), counts.end());
}

// Exactly `size` counts, each in [0, rows].
Status FromWire(std::string_view field, const Counts& in, std::size_t size, std::int64_t rows,
                std::vector<std::int64_t>* out) {
  if (static_cast<std::size_t>(in.size()) != size) {
    return Malformed(field, "expected " + std::to_string(size) + " counts, got " + std::to_string(in.size()));
  }
  for (const std::int64_t count : in) {
    if (count < 0 || count > rows) return Malformed(field, "a count outside [0, rows]");
  }
  out->assign(in.begin(), in.end());
  return {};
}

}  // namespace

void ToWire(const MetricSums& sums, v1::MetricSums* out) {
  out->set_classes(sums.classes);
  ToWire(sums.confusion, out->mutable_confusion());
  ToWire(sums.own_scores, out->mutable_own_scores());
  ToWire(sums.rest_scores, out->mutable_rest_scores());
  out->set_loss_sum(sums.loss_sum);
  out->set_loss_clipped(sums.loss_clipped);
  out->set_rows(sums.rows);
}

Status FromWire(const v1::MetricSums& in, MetricSums* out) {
  if (in.classes() > kMaxClasses) return Malformed("metrics.classes", "more classes than metrics count");
  if (in.rows() < 0 || in.rows() > kMaxRows) return Malformed("metrics.rows", "outside [0, 2^40]");
  if (in.loss_clipped() < 0 || in.loss_clipped() > in.rows())
    return Malformed("metrics.loss_clipped", "outside [0, rows]");
  // Each term is within ± 2^15 at 2^-32, and a sum of thousands of sites must stay inside 64 bits.
  constexpr std::int64_t kMaxLossSum = std::int64_t{1} << 55;
  const std::int64_t bound = in.rows() < (kMaxLossSum >> 47) ? in.rows() << 47 : kMaxLossSum;
  if (in.loss_sum() > bound || in.loss_sum() < -bound)
    return Malformed("metrics.loss_sum", "larger than the rows allow");
  const std::size_t classes = in.classes();
  const std::size_t bins = classes * MetricSums::kScoreBins;
  CAIRN_RETURN_IF_ERROR(
      FromWire("metrics.confusion", in.confusion(), classes * classes, in.rows(), &out->confusion));
  CAIRN_RETURN_IF_ERROR(FromWire("metrics.own_scores", in.own_scores(), bins, in.rows(), &out->own_scores));
  CAIRN_RETURN_IF_ERROR(
      FromWire("metrics.rest_scores", in.rest_scores(), bins, in.rows(), &out->rest_scores));
  out->classes = in.classes();
  out->loss_sum = in.loss_sum();
  out->loss_clipped = in.loss_clipped();
  out->rows = in.rows();
  return {};
}

}  // namespace cairn::wire
