#include <cmath>
#include <string>
#include <utility>

#include "aggregator/aggregation/update_aggregator.h"

namespace cairn {

std::vector<float> MeanOfTotals(std::span<const std::int64_t> totals, int fraction_bits, std::int64_t weight,
                                int weight_bits) {
  const double to_weight_grid = std::ldexp(1.0, weight_bits - fraction_bits);  // a power of two: exact
  const auto divisor = static_cast<double>(weight);
  std::vector<float> mean(totals.size());
  for (std::size_t i = 0; i < totals.size(); ++i) {
    mean[i] = static_cast<float>(static_cast<double>(totals[i]) * to_weight_grid / divisor);
  }
  return mean;
}

namespace {

class WeightedMean final : public UpdateAggregator {
 public:
  explicit WeightedMean(const UpdateLayout& layout) : layout_(layout), sum_(layout) {}

  void Accumulate(std::span<const UpdateView> batch) override { cairn::Accumulate(batch, sum_); }
  void AccumulateSlice(std::span<const UpdateView> batch, std::size_t part, std::size_t parts) override {
    cairn::AccumulateSlice(batch, part, parts, sum_);
  }
  Partial TakePartial() && override { return std::move(sum_); }
  Status Merge(const Partial& partial) override { return cairn::Merge(partial, sum_); }
  bool is_linear() const override { return true; }

  Result<AggregateUpdate> Report() && override {
    if (sum_.count == 0 || sum_.weight <= 0) {
      return Status(errors::kAggregateEmpty, "there is nothing to average: " + std::to_string(sum_.count) +
                                                 " updates with no weight among them");
    }
    const auto weight = static_cast<double>(sum_.weight);
    AggregateUpdate result;
    result.layout = layout_;
    result.parameters =
        MeanOfTotals(sum_.parameters, kParameterFractionBits, sum_.weight, kWeightFractionBits);
    result.buffers = MeanOfTotals(sum_.buffers, kBufferFractionBits, sum_.weight, kWeightFractionBits);
    result.counters = std::move(sum_.counters);
    result.total_weight = std::ldexp(weight, -kWeightFractionBits);
    result.count = sum_.count;
    return result;
  }

 private:
  UpdateLayout layout_;
  Partial sum_;
};

}  // namespace

std::unique_ptr<UpdateAggregator> NewWeightedMean(const UpdateLayout& layout) {
  return std::make_unique<WeightedMean>(layout);
}

}  // namespace cairn
