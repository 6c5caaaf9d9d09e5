#include "client/policy/site_policy.h"

#include <algorithm>
#include <string>

#include "core/tensor/parameter_spec.h"
#include "protocol/messages/site_groups.h"

namespace cairn {
namespace {

using Answer = PolicyVerdict::Answer;

bool IsAllowed(const std::vector<DatasetRule>& rules, const std::string& dataset, const std::string& job) {
  return std::any_of(rules.begin(), rules.end(), [&](const DatasetRule& rule) {
    return GlobMatch(rule.dataset, dataset) &&
           std::any_of(rule.jobs.begin(), rule.jobs.end(),
                       [&](const std::string& pattern) { return GlobMatch(pattern, job); });
  });
}

// One rule that says so suffices, whichever other rule lets the job in.
bool NeedsPrivacy(const std::vector<DatasetRule>& rules, const std::string& dataset) {
  return std::any_of(rules.begin(), rules.end(), [&](const DatasetRule& rule) {
    return rule.require_privacy && GlobMatch(rule.dataset, dataset);
  });
}

std::string_view WordOf(SecAggPolicy policy) {
  if (policy == SecAggPolicy::kPlainOk) return "plain-ok";
  return policy == SecAggPolicy::kGroupedOk ? "grouped-ok" : "required";
}

// Jobs whose one sum is masked suit every policy. What shows the aggregator more needs both sides to say so,
// each for itself: who allows plain updates was not asked about groups, nor the other way round.
Status CheckSecAgg(SecAggPolicy policy, SecAggMode mode) {
  if (mode == SecAggMode::kFull || policy == SecAggPolicy::kUnchecked) return {};
  const std::string says = " and policy.secagg is \"" + std::string(WordOf(policy)) + "\"";
  if (mode == SecAggMode::kOff && policy != SecAggPolicy::kPlainOk)
    return Status(errors::kPolicyPlainRefused, "the job sends updates unmasked" + says);
  if (mode == SecAggMode::kGrouped && policy != SecAggPolicy::kGroupedOk)
    return Status(errors::kPolicyGroupedRefused,
                  "the aggregator would read the sum of each group of sites" + says);
  return {};
}

Status CheckTerms(const SitePolicy& policy, const JobManifest& manifest, std::uint64_t update_bytes) {
  const JobSpec& spec = manifest.spec;
  if (!IsAllowed(policy.datasets, spec.data.dataset, spec.name)) {
    return Status(errors::kPolicyDataset,
                  "job '" + spec.name + "' may not use data set '" + spec.data.dataset + "'");
  }
  if (!spec.privacy && NeedsPrivacy(policy.datasets, spec.data.dataset)) {
    return Status(errors::kPolicyPrivacyRequired, "job '" + spec.name +
                                                      "' has no privacy terms, and data set '" +
                                                      spec.data.dataset + "' may be used with them alone");
  }
  CAIRN_RETURN_IF_ERROR(CheckSecAgg(policy.secagg, spec.secagg.mode));
  if (const std::uint32_t least = SmallestCohort(spec); least < policy.min_cohort) {
    return Status(errors::kPolicyCohort,
                  (spec.secagg.is_grouped() ? "a group of job '" : "a round of job '") + spec.name +
                      "' may hold " + std::to_string(least) + " reports, this site asks for at least " +
                      std::to_string(policy.min_cohort));
  }
  if (policy.max_upload_bytes_per_round > 0 && update_bytes > policy.max_upload_bytes_per_round) {
    return Status(errors::kPolicyUploadCap, "one report of job '" + spec.name + "' is " +
                                                std::to_string(update_bytes) + " bytes, the cap is " +
                                                std::to_string(policy.max_upload_bytes_per_round));
  }
  return {};
}

// What a person said about this manifest, or that nobody did.
PolicyVerdict AskPeople(ApprovalMode mode, const JobManifest& manifest,
                        const std::vector<JobApproval>& approvals) {
  bool had_other_terms = false;
  const JobApproval* last = nullptr;
  for (const JobApproval& known : approvals) {
    if (known.digest == manifest.digest) last = &known;
    had_other_terms |= known.digest != manifest.digest && known.decision == ApprovalDecision::kApproved &&
                       known.job_name == manifest.spec.name;
  }
  if (last != nullptr) {
    switch (last->decision) {
      case ApprovalDecision::kApproved:
        return {Answer::kAccept, {}};
      case ApprovalDecision::kDenied:
        return {Answer::kDecline,
                Status(errors::kPolicyDenied, "this site denied job '" + manifest.spec.name + "'")};
      case ApprovalDecision::kWithdrawn:
        return {Answer::kDecline,
                Status(errors::kPolicyWithdrawn, "this site withdrew from job '" + manifest.spec.name + "'")};
    }
  }
  if (mode == ApprovalMode::kAuto) return {Answer::kAccept, {}};
  if (had_other_terms) {
    return {Answer::kPending, Status(errors::kPolicyTermsChanged,
                                     "job '" + manifest.spec.name + "' was approved with another manifest")};
  }
  return {Answer::kPending,
          Status(errors::kPolicyWaiting, "job '" + manifest.spec.name + "' waits for a person at this site")};
}

}  // namespace

std::uint32_t SmallestCohort(const JobSpec& spec) {
  if (spec.secagg.is_grouped()) return SmallestGroupSum(spec.secagg);
  const CohortConfig& cohort = spec.cohort;
  if (cohort.min_reports > 0) return cohort.min_reports;
  return cohort.target > 0 ? cohort.target : cohort.min_clients;
}

SitePolicy SitePolicy::ForMadePopulation() {
  SitePolicy policy;
  policy.approval = ApprovalMode::kAuto;
  policy.secagg = SecAggPolicy::kUnchecked;
  policy.sandbox = SandboxPolicy::kBestEffort;
  policy.share_site_metrics = true;
  policy.min_cohort = 0;
  policy.min_examples = 0;
  policy.max_upload_bytes_per_round = 0;
  policy.datasets = {{"*", {"*"}}};
  return policy;
}

PolicyVerdict SitePolicy::Decide(const JobManifest& manifest, std::uint64_t update_bytes,
                                 const std::vector<JobApproval>& approvals) const {
  if (Status status = CheckTerms(*this, manifest, update_bytes); !status.ok()) {
    return {Answer::kDecline, std::move(status)};
  }
  return AskPeople(approval, manifest, approvals);
}

}  // namespace cairn
