#pragma once

#include "privacy/secagg/shared/party.h"
#include "privacy/secagg/shared/terms.h"
#include "protocol/messages/masked_layout.h"
#include "protocol/messages/messages.h"

namespace cairn {

// The terms of one attempt at a masked sum, from what a party holds: the manifest it approved, the model it
// received, the roster it has pinned, the aggregator's key on that roster. Site and aggregator call it alike,
// each with its own copies, and are in one context only when those agree. kJobRefused when no graph fits the
// cohort.
struct MaskingSources {
  const JobManifest& manifest;
  const UpdateLayout& layout;
  const secagg::Membership& membership;
  const VerifyKey& aggregator;
  std::uint32_t group = 0;  // of a grouped job: the party's own, from 1 (site_groups.h)
  double clip = 0;          // of the round, where whole clients are protected
};
Result<secagg::Terms> MaskingTermsOf(const MaskingSources& sources, const RoundKey& key, RoundKind kind,
                                     const BlobRef& model);

// What a site insists on: its policy's smallest cohort, as many survivors as the job promises (shares of
// noise are made for so many) and, where everybody is invited, a majority of those the job waited for; of a
// grouped job, of the `group_sites` in its group.
secagg::Floors MaskingFloorsOf(const JobSpec& spec, std::uint32_t policy_min_cohort,
                               std::size_t group_sites = 0);

}  // namespace cairn
