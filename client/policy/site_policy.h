#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "protocol/messages/job.h"

namespace cairn {

// The site's law: what it takes part in and what may leave it. The agent asks it for every job,
// every plan and every outgoing object; a server is told the answer, never asked. What is not
// allowed here is refused.
//
//   [policy]                       approval = "manual", secagg = "plain-ok", min_cohort = 4, …
//   [policy.dataset.cardio]        jobs = ["cardio-*"], require_privacy = true

// Who says yes to a job the policy allows.
enum class ApprovalMode : std::uint8_t {
  kManual = 1,  // a person, for exactly one manifest digest; "by-hash" means the same
  kAuto = 2,
};

enum class SecAggPolicy : std::uint8_t {
  kRequired = 1,
  kPlainOk = 2,    // plain updates, where the job says secagg = "off" as well
  kGroupedOk = 4,  // sums of groups of sites, where the job says secagg = "grouped" as well
  kUnchecked = 3,  // participants that are not sites; no configuration file can say it
};

enum class SandboxPolicy : std::uint8_t { kRequired = 1, kBestEffort = 2 };

// Which jobs may use a data set; both sides are glob patterns.
struct DatasetRule {
  std::string dataset;
  std::vector<std::string> jobs;
  bool require_privacy = false;  // only jobs with privacy terms may
  friend bool operator==(const DatasetRule&, const DatasetRule&) = default;
};

enum class ApprovalDecision : std::uint8_t { kApproved = 1, kDenied = 2, kWithdrawn = 3 };

// What a person at the site decided about one manifest. The job's name is kept so that a later
// manifest of the same job is recognised as changed terms.
struct JobApproval {
  std::string digest;
  std::string job_name;
  ApprovalDecision decision = ApprovalDecision::kApproved;
  std::string actor = {};  // who said so, for the audit log: "uid 1000"
  friend bool operator==(const JobApproval&, const JobApproval&) = default;
};

// Accept, wait for a person, or decline; the reason is OK for accept and a 32xx error otherwise.
struct PolicyVerdict {
  enum class Answer : std::uint8_t { kAccept = 1, kPending = 2, kDecline = 3 };
  Answer answer = Answer::kDecline;
  Status reason;
};

// A value, immutable once the agent has it; thread-compatible.
struct SitePolicy {
  ApprovalMode approval = ApprovalMode::kManual;
  SecAggPolicy secagg = SecAggPolicy::kRequired;
  SandboxPolicy sandbox = SandboxPolicy::kRequired;
  bool share_site_metrics = false;  // this site's own metrics, readable by the aggregator
  std::uint32_t min_cohort = 4;     // fewest reports a published sum may hold
  std::int64_t min_examples = 1;    // fewest rows this site contributes with
  std::uint64_t max_upload_bytes_per_round = 50'000'000;  // 0: no cap
  std::vector<DatasetRule> datasets;                      // none: no job may use any data

  // For participants a researcher makes up: everything is allowed, metrics are shared.
  static SitePolicy ForMadePopulation();

  // Decides one offered manifest. `update_bytes` is the size of one report's update; `approvals`
  // are all decisions known, in the order they were taken. Errors: kPolicyPlainRefused,
  // kPolicyGroupedRefused, kPolicyDataset, kPolicyPrivacyRequired, kPolicyWaiting, kPolicyDenied,
  // kPolicyUploadCap, kPolicyCohort, kPolicyWithdrawn, kPolicyTermsChanged.
  PolicyVerdict Decide(const JobManifest& manifest, std::uint64_t update_bytes,
                       const std::vector<JobApproval>& approvals) const;

  friend bool operator==(const SitePolicy&, const SitePolicy&) = default;
};

// Fewest reports a sum that the aggregator can read may hold: of a round of this job, or of a group in it.
std::uint32_t SmallestCohort(const JobSpec& spec);

}  // namespace cairn
