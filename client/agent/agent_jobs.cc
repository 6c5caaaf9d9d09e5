#include <algorithm>

#include "client/agent/agent_reaction.h"

// Offers, the site's answer to them, and the people who may change it.

namespace cairn {
namespace {

// An honest aggregator offers a handful; the rest would only fill memory.
constexpr std::size_t kMaxJobs = 64;

JobAnswer AnswerOf(PolicyVerdict::Answer answer) {
  switch (answer) {
    case PolicyVerdict::Answer::kAccept:
      return JobAnswer::kAccept;
    case PolicyVerdict::Answer::kPending:
      return JobAnswer::kPending;
    case PolicyVerdict::Answer::kDecline:
      return JobAnswer::kDecline;
  }
  return JobAnswer::kDecline;
}

// Why a site says no. What was spent, and on how many people, is the site's alone: of the ledger's reasons
// the aggregator gets the catalogue's line.
std::string ForTheAggregator(const Status& reason) {
  if (reason.ok()) return {};
  const bool is_of_the_ledger = reason.id().value / 100 == 62;
  const ErrorEntry* entry = is_of_the_ledger ? FindError(reason.id()) : nullptr;
  return entry == nullptr ? reason.what() : std::string(entry->what);
}

const std::string& DigestOf(const ClientAgent::Job& job) { return job.offered->manifest->digest; }

}  // namespace

std::uint64_t OfferedJob::upload_bytes() const { return UploadBytes(*manifest, layout); }

Result<OfferedJobHandle> OfferedJob::Create(std::shared_ptr<const JobManifest> manifest) {
  if (manifest == nullptr) return Status(errors::kNetProtocol, "a job was offered without its manifest");
  CAIRN_ASSIGN_OR_RETURN(ParameterSpec spec, ParameterSpec::Create(manifest->tensors));
  auto offered = std::make_shared<OfferedJob>();
  offered->layout = LayoutOf(spec);
  offered->spec = std::move(spec);
  if (manifest->spec.secagg.is_grouped()) {
    CAIRN_ASSIGN_OR_RETURN(offered->groups, SiteGroups::Of(*manifest));
  }
  offered->manifest = std::move(manifest);
  return OfferedJobHandle(std::move(offered));
}

ClientAgent::Job* ClientAgent::Reaction::FindJob(JobId id) {
  const auto it =
      std::find_if(agent.jobs_.begin(), agent.jobs_.end(), [&](const Job& job) { return job.id == id; });
  return it == agent.jobs_.end() ? nullptr : &*it;
}

void ClientAgent::Reaction::Heard(JobOffer&& offer) {
  const JobId id = offer.manifest == nullptr ? JobId{} : offer.manifest->id;
  Result<OfferedJobHandle> offered = OfferedJob::Create(std::move(offer.manifest));
  if (!offered.ok()) {
    Send(JobReply{id, JobAnswer::kDecline, offered.status().id().value, offered.status().what()});
    return Emit("job_refused", {id, {}, 0}, offered.status().id(), offered.status().what());
  }
  if (Job* job = TakeOffer(std::move(*offered))) Answer(*job);
}

// A job that ended while this site was away is never spoken of again, so that it would stay for ever: the
// oldest one with nothing under way makes room. Offered again, it is answered again.
bool ClientAgent::Reaction::EndOldestIdle() {
  const auto is_idle = [this](const Job& job) {
    const bool is_working = agent.is_working_ && agent.work_key_.job == job.id;
    return !is_working && job.waiting == nullptr && job.masked == nullptr &&
           (job.held == nullptr || job.is_receipted);
  };
  const auto idle = std::find_if(agent.jobs_.begin(), agent.jobs_.end(), is_idle);
  if (idle == agent.jobs_.end()) return false;
  Heard(JobEnded{idle->id, JobOutcome::kStopped, "it made room for a newer job"});
  return true;
}

// The job's entry, new or known; null when there are too many. Other terms under a known id end what
// was done under the old ones.
ClientAgent::Job* ClientAgent::Reaction::TakeOffer(OfferedJobHandle offered) {
  const JobId id = offered->manifest->id;
  Job* job = FindJob(id);
  if (job == nullptr) {
    if (agent.jobs_.size() >= kMaxJobs && !EndOldestIdle()) {
      Send(JobReply{id, JobAnswer::kDecline, errors::kNetProtocol.value,
                    "too many jobs are offered to this site"});
      return nullptr;
    }
    job = &agent.jobs_.emplace_back();
    job->id = id;
  }
  const bool is_same = job->offered != nullptr && DigestOf(*job) == offered->manifest->digest;
  if (is_same) return job;
  if (job->offered != nullptr) Kill(id);
  job->offered = std::move(offered);
  job->answer = JobAnswer::kDecline;
  job->is_answered = false;
  job->uncharged = {};
  const bool was_changed = job->held != nullptr && job->held->layout() != job->offered->layout;
  if (was_changed) Forget(std::move(job->held));
  return job;
}

// The policy's verdict, unless the job was stopped for good or its groups were made without this site.
PolicyVerdict ClientAgent::Reaction::Judge(const OfferedJob& offered) const {
  if (Status stopped = agent.CheckNotStopped(offered.manifest->digest); !stopped.ok())
    return {PolicyVerdict::Answer::kDecline, std::move(stopped)};
  const std::string& site = agent.identity_.site;
  if (offered.groups.has_value() && !offered.groups->IndexOf(site).has_value()) {
    return {PolicyVerdict::Answer::kDecline,
            Status(errors::kPolicyNotListed,
                   "job '" + offered.manifest->spec.name + "' has no group for " + site)};
  }
  return agent.config_->policy.Decide(*offered.manifest, offered.upload_bytes(), agent.approvals_);
}

// Asks the policy, tells the aggregator, and offers again a report it may have missed.
void ClientAgent::Reaction::Answer(Job& job) {
  const OfferedJob& offered = *job.offered;
  PolicyVerdict verdict = Judge(offered);
  // A report already made was paid for, whatever is left.
  if (verdict.answer != PolicyVerdict::Answer::kDecline && job.held == nullptr) {
    if (Status budget = job.uncharged.ok() ? WeighPrivacy(offered) : job.uncharged; !budget.ok())
      verdict = {PolicyVerdict::Answer::kDecline, std::move(budget)};
  }
  const JobAnswer answer = AnswerOf(verdict.answer);
  const bool is_new = !job.is_answered || job.reason != verdict.reason.id() || job.answer != answer;
  job.is_answered = true;
  job.answer = answer;
  job.reason = verdict.reason.id();
  const RoundKey about{job.id, {}, 0};
  if (answer == JobAnswer::kAccept) {
    out.emplace_back(LearnJob{job.offered});
  } else {
    Kill(job.id);
  }
  Emit("job_answered", about, job.reason, verdict.reason.ok() ? std::string() : verdict.reason.what());
  if (answer == JobAnswer::kAccept && !offered.is_masked()) {
    Emit("updates_leave_unmasked", about, {}, offered.manifest->spec.name);
  }
  if (answer == JobAnswer::kAccept && offered.groups.has_value())
    Emit("group_sums_are_readable", about, {}, offered.manifest->spec.name);
  if (is_new) {
    if (agent.unproven_ == Unproven::kNothing) {
      agent.unproven_ = Unproven::kAnswer;
      agent.unproven_key_ = about;
    }
    Persist(JobAnswered{job.id, DigestOf(job), answer, job.reason});
  }
  Reply(job, ForTheAggregator(verdict.reason));
  if (answer == JobAnswer::kAccept && job.held != nullptr && !job.is_receipted) SendReport(job);
}

void ClientAgent::Reaction::Reply(const Job& job, std::string reason) {
  Send(JobReply{job.id, job.answer, job.reason.value, std::move(reason)});
}

// Remembers the decision and returns the job's name, empty when no such manifest was offered.
std::string ClientAgent::Reaction::RecordApproval(const ApprovalChanged& event) {
  std::string name;
  for (const Job& job : agent.jobs_) {
    if (job.offered != nullptr && DigestOf(job) == event.digest) name = job.offered->manifest->spec.name;
  }
  auto& approvals = agent.approvals_;
  const auto is_old = [&](const JobApproval& known) { return known.digest == event.digest; };
  if (const auto old = std::find_if(approvals.begin(), approvals.end(), is_old); old != approvals.end()) {
    if (name.empty()) name = old->job_name;
    approvals.erase(old);
  }
  approvals.push_back({event.digest, name, event.decision, event.actor});
  return name;
}

void ClientAgent::Reaction::On(ApprovalChanged&& event) {
  if (agent.state_ == AgentState::kStopped) return;
  std::string name = RecordApproval(event);
  const auto is_asked = [&](const Job& job) {
    return job.offered != nullptr && DigestOf(job) == event.digest;
  };
  const auto job = std::find_if(agent.jobs_.begin(), agent.jobs_.end(), is_asked);
  SealedReportHandle held;
  if (job != agent.jobs_.end() && event.decision != ApprovalDecision::kApproved) {
    if (agent.is_working_ && agent.work_key_.job == job->id) {
      Decline(agent.work_key_,
              Status(errors::kPolicyWithdrawn, "a person at the site withdrew from the job"));
    }
    Kill(job->id);
    held = std::move(job->held);
  }
  // A yes that is not durable is none; a no holds at once, durable or not.
  if (event.decision == ApprovalDecision::kApproved) {
    agent.unproven_ = Unproven::kApproval;
    agent.unproven_key_ = {job == agent.jobs_.end() ? JobId{} : job->id, {}, 0};
  }
  Persist(JobApproval{std::move(event.digest), std::move(name), event.decision, std::move(event.actor)});
  if (job != agent.jobs_.end()) Answer(*job);
  if (held != nullptr) Forget(std::move(held));
}

void ClientAgent::Reaction::On(PolicyChanged&&) {
  if (agent.state_ == AgentState::kStopped) return;
  for (Job& job : agent.jobs_) {
    job.uncharged = {};
    if (job.offered != nullptr) Answer(job);
  }
}

void ClientAgent::Reaction::On(AgentActionFailed&& event) {
  const Unproven what = std::exchange(agent.unproven_, Unproven::kNothing);
  const RoundKey key = agent.unproven_key_;
  Emit("store_failed", key, event.reason.id(), event.reason.what());
  Job* job = FindJob(key.job);
  switch (what) {
    case Unproven::kNothing:
      return;
    case Unproven::kReport:  // not durable, so not sent: the attempt goes on without this site
      if (job != nullptr) job->held.reset();
      return Decline(key, event.reason);
    case Unproven::kApproval:
      agent.approvals_.pop_back();
      if (job == nullptr) return;
      job->answer = JobAnswer::kPending;
      job->reason = errors::kPolicyWaiting;
      return;
    case Unproven::kAnswer:
      if (job == nullptr) return;
      Kill(job->id);
      job->answer = JobAnswer::kDecline;
      job->reason = event.reason.id();
      return Reply(*job, event.reason.what());
  }
}

void ClientAgent::Reaction::Heard(JobEnded&& ended) {
  Job* job = FindJob(ended.job);
  if (job == nullptr) return;
  Kill(ended.job);
  SealedReportHandle held = std::move(job->held);
  agent.jobs_.erase(agent.jobs_.begin() + (job - agent.jobs_.data()));
  Emit("job_ended", {ended.job, {}, 0}, {}, std::move(ended.reason));
  if (held != nullptr) Forget(std::move(held));
}

}  // namespace cairn
