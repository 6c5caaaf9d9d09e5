#pragma once

#include <cstdint>
#include <span>

#include "aggregator/aggregation/update_aggregator.h"
#include "core/base/result.h"
#include "protocol/messages/job.h"

namespace cairn {

// Vectors of equal length, one a group.
using GroupVectors = std::span<const std::span<const float>>;

// Each element is the median of the groups' (of an even number the mean of the two in the middle): Yin et
// al., "Byzantine-Robust Distributed Learning", ICML 2018, definition 1. Up to ⌊(G − 1)/2⌋ hostile groups
// cannot move an element out of the range of the others. Bit for bit the same in any order of the groups.
void MedianOfGroups(GroupVectors groups, std::span<float> out);

// Each element is the mean of the groups' without the `trim` smallest and the `trim` largest (Yin et al.
// 2018, definition 2); 2 · trim < G. Up to `trim` hostile groups cannot move it out of the range of the
// others. Bit for bit the same in any order.
void TrimmedMeanOfGroups(GroupVectors groups, std::uint32_t trim, std::span<float> out);

// The point whose distances (L2) to the groups' add up to the least, by the smoothed Weiszfeld iteration of
// Pillutla et al., "Robust Aggregation for Federated Learning", IEEE TSP 2022, algorithm 2, from the median
// of each element. A fixed number of steps in a fixed order: the same groups in the same order give the same
// bytes.
void GeometricMedianOfGroups(GroupVectors groups, std::span<float> out);

// The means of groups as one update, by a rule: parameters and buffers each for itself. Every group counts
// the same, whatever its weight, as in both papers: a group that could say how much it counts would decide.
// The sum of weights and the number of updates are those of all groups. kAggregateEmpty for fewer groups than
// the rule needs (1, and one more than a trimmed mean leaves out).
Result<AggregateUpdate> CombineGroups(std::span<const AggregateUpdate> means, GroupRule rule,
                                      std::uint32_t trim);

}  // namespace cairn
