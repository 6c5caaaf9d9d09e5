#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/tensor/exact_sum.h"
#include "core/tensor/update.h"

namespace cairn {

// What a cohort's updates became: the input of a server optimizer. Sections follow UpdateLayout.
struct AggregateUpdate {
  UpdateLayout layout;
  std::vector<float> parameters;       // Δ̄ = Σ p_k Δ_k with p_k = weight_k / Σ weight
  std::vector<float> buffers;          // likewise
  std::vector<std::int64_t> counters;  // largest reported; empty where none were sent (masked updates)
  double total_weight = 0;             // Σ weight
  std::uint64_t count = 0;             // updates inside
};

// How updates become one. An instance per lane, or one whose slices lanes fill together; consumed once.
//
//   aggregator->Accumulate(batch);                       // any number of times, in any order
//   CAIRN_RETURN_IF_ERROR(main->Merge(std::move(*lane).TakePartial()));
//   CAIRN_ASSIGN_OR_RETURN(AggregateUpdate mean, std::move(*main).Report());
//
// Thread-compatible.
class UpdateAggregator {
 public:
  virtual ~UpdateAggregator() = default;

  // Views must have passed CheckUpdate against the layout: nothing can fail here.
  virtual void Accumulate(std::span<const UpdateView> batch) = 0;
  // Slice `part` of `parts` of the same work (AccumulateSlice): distinct parts may run at the same time, and
  // every part must be run once for every batch.
  virtual void AccumulateSlice(std::span<const UpdateView> batch, std::size_t part, std::size_t parts) = 0;
  // The sum so far as plain data, for another lane, rank or the disk.
  virtual Partial TakePartial() && = 0;
  // Adds a sum made elsewhere; of other sizes it is refused (kUpdateLayout).
  virtual Status Merge(const Partial& partial) = 0;
  // Refuses a sum without weight (kAggregateEmpty).
  virtual Result<AggregateUpdate> Report() && = 0;
  // True where the result follows from sums alone: secure aggregation accepts no other.
  virtual bool is_linear() const = 0;
};

// The division of NewWeightedMean alone: totals on the grid of 2^-fraction_bits over a weight on that of
// 2^-weight_bits.
std::vector<float> MeanOfTotals(std::span<const std::int64_t> totals, int fraction_bits, std::int64_t weight,
                                int weight_bits);

// Σ w_k Δ_k / Σ w_k (McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized
// Data", arXiv 1602.05629), formed once, in double, from the exact integer totals: P / W for parameters on
// the grid of 2^-40, B · 2^16 / W for buffers on that of 2^-24. One rounding to double for a total over 2^53,
// one for the division, one to float: the result depends on the set of updates and on nothing else.
std::unique_ptr<UpdateAggregator> NewWeightedMean(const UpdateLayout& layout);

}  // namespace cairn
