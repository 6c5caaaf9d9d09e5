#include "aggregator/engine/job_checks.h"

#include <string>
#include <utility>

#include "protocol/messages/masking_terms.h"

namespace cairn {

Status CheckJobTerms(const JobSpec& spec) {
  const auto refused = [](std::string what) { return Status(errors::kJobRefused, std::move(what)); };
  if (spec.strategy.rounds == 0) return refused("strategy.rounds is 0");
  if (spec.strategy.weight_cap == 0) return refused("strategy.weight_cap is 0");
  const CohortConfig& cohort = spec.cohort;
  if (cohort.min_clients == 0) return refused("cohort.min_clients is 0");
  if (cohort.target != 0 && cohort.min_reports > cohort.target) {
    return refused("cohort.min_reports " + std::to_string(cohort.min_reports) + " is over cohort.target " +
                   std::to_string(cohort.target));
  }
  if (cohort.max_attempts == 0) return refused("cohort.max_attempts is 0");
  if (!spec.secagg.is_masked()) return {};
  const auto needs_three = [&](std::uint32_t sites) { return sites == 0 || sites >= 3; };
  if (!needs_three(cohort.min_clients) || !needs_three(cohort.target) || !needs_three(cohort.min_reports)) {
    return refused("a masked round needs at least 3 sites, the cohort allows fewer")
        .Why("of two sites each knows the other's part of their sum")
        .Mend(
            "raise strategy.cohort, or write secagg = { mode = \"off\" } in the job: the aggregator then "
            "reads "
            "every update, and each site's policy must allow it");
  }
  return {};
}

namespace {

// A clip bounds the parameters; statistics of batches would leave unbounded and without noise.
Status CheckJobNoise(const JobSpec& spec, const UpdateLayout& layout) {
  if (!ProtectsClients(spec)) return {};
  if (layout.buffers > 0) {
    return Status(errors::kPrivacyModel, "the model exchanges statistics of batches")
        .Mend("use a model without them, with GroupNorm or LayerNorm for instance");
  }
  return CheckClientNoise(
      ClientNoiseOf(spec, static_cast<std::uint64_t>(layout.parameters), spec.privacy->clip));
}

}  // namespace

Status CheckJobRing(const JobManifest& manifest, const UpdateLayout& layout) {
  if (!manifest.spec.secagg.is_masked()) return {};
  CAIRN_RETURN_IF_ERROR(CheckJobNoise(manifest.spec, layout));
  for (const RoundKind kind : {RoundKind::kTrain, RoundKind::kEvaluate}) {
    const MaskedLayout masked = MaskedLayoutOf(manifest, layout, kind);
    CAIRN_RETURN_IF_ERROR(secagg::CheckNoWrap(masked.sections, masked.ring, LargestCohort(manifest.spec)));
  }
  return {};
}

}  // namespace cairn
