#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/random.h"
#include "protocol/messages/job.h"

namespace cairn {

// Mean loss over rows · outputs logits, and its gradient by the logits. Cross-entropy takes one
// logit a class; bce takes one logit, positive for class 1.
double MeanLossAndGradient(Loss loss, std::span<const float> logits, std::span<const std::int64_t> labels,
                           std::span<float> gradient);

// The same of the sum over the rows.
double SumLossAndGradient(Loss loss, std::span<const float> logits, std::span<const std::int64_t> labels,
                          std::span<float> gradient);

// The loss of one row, in double: what metrics sum.
double RowLoss(Loss loss, std::span<const float> logits, std::int64_t label);

// 0 with probability `rate`, else 1/(1 − rate): one 32-bit draw an element, in order.
void FillDropoutMask(RandomStream& stream, double rate, std::span<float> mask);

}  // namespace cairn
