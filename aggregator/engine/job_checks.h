#pragma once

#include "core/base/status.h"
#include "core/tensor/update.h"
#include "protocol/messages/job.h"

namespace cairn {

// What no job engine can work by (kJobRefused): no rounds, a cohort below 1, min_reports over the target, a
// cohort too small to be masked.
Status CheckJobTerms(const JobSpec& spec);

// In a round of either kind no section of the masked vector may wrap, however many sites there are
// (kSecAggWrap). OK for a plain job.
Status CheckJobRing(const JobManifest& manifest, const UpdateLayout& layout);

}  // namespace cairn
