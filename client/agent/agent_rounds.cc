#include <cstdio>

#include "client/agent/agent_reaction.h"
#include "protocol/messages/client_noise.h"

// Plans, the work on them, and what becomes of the report.

namespace cairn {
namespace {

// Faults of data (41xx) begin with file:line:column, and what follows may quote the cell; no log says that.
std::string ForTheLog(const Status& reason) {
  if (reason.id().value / 100 != 41) return reason.what();
  return reason.what().substr(0, reason.what().find(": ")) + " (cairn data check shows the cell)";
}

std::string Hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

// The strategy may set the proximal term a round; everything else was approved with the manifest.
bool IsApprovedTraining(const TrainConfig& planned, const TrainConfig& approved) {
  TrainConfig comparable = planned;
  comparable.proximal_mu = approved.proximal_mu;
  return comparable == approved;
}

// The clip of a round that protects clients: the approved one, or where it may adapt one that the noise can
// be drawn for. Whatever it is, the noise goes with it.
Status CheckClip(const JobManifest& manifest, const UpdateLayout& layout, const RoundPlan& plan) {
  if (!ProtectsClients(manifest.spec)) {
    if (plan.clip == 0) return {};
    return Status(errors::kPolicyTermsChanged, "the plan names a clip, the accepted manifest asks for none");
  }
  if (!manifest.spec.privacy->is_adaptive() && plan.clip != manifest.spec.privacy->clip)
    return Status(errors::kPolicyTermsChanged, "the plan's clip is not that of the accepted manifest");
  return CheckClientNoise(
      ClientNoiseOf(manifest.spec, static_cast<std::uint64_t>(layout.parameters), plan.clip));
}

// Is `key` of the same job and not newer than `other`?
bool IsOver(const RoundKey& key, const RoundKey& other) { return key.job == other.job && key <= other; }

}  // namespace

Status ClientAgent::Reaction::CheckPlan(const Job* job, const RoundPlan& plan) const {
  if (job == nullptr || job->offered == nullptr || job->answer != JobAnswer::kAccept) {
    return Status(errors::kPolicyNotAccepted,
                  "this site has not accepted job " + std::to_string(plan.key.job.value));
  }
  const OfferedJob& offered = *job->offered;
  if (plan.layout_hash != offered.layout.hash) {
    return Status(errors::kUpdateLayout, "the plan's layout is " + Hex(plan.layout_hash) +
                                             ", the accepted job's is " + Hex(offered.layout.hash));
  }
  if (plan.model == nullptr) return Status(errors::kNetProtocol, "the plan came without its model");
  if (const std::uint64_t hash = plan.model->values.spec().layout_hash(); hash != offered.layout.hash) {
    return Status(errors::kUpdateLayout, "the plan's model has layout " + Hex(hash) +
                                             ", the accepted job's is " + Hex(offered.layout.hash));
  }
  if (!IsApprovedTraining(plan.train, offered.manifest->spec.train)) {
    return Status(errors::kPolicyTermsChanged,
                  "the plan's training settings are not those of the accepted manifest");
  }
  CAIRN_RETURN_IF_ERROR(CheckClip(*offered.manifest, offered.layout, plan));
  if (plan.kind == RoundKind::kEvaluate && offered.manifest->spec.privacy)
    return Status(errors::kPolicyMetrics, "the plan asks for metrics of a private job, which nobody priced");
  const bool is_masked = offered.is_masked();
  if (plan.kind == RoundKind::kEvaluate && !is_masked && !agent.config_->policy.share_site_metrics) {
    return Status(errors::kPolicyMetrics, "the plan asks for nothing but this site's metrics");
  }
  return {};
}

void ClientAgent::Reaction::Heard(RoundPlan&& plan) {
  Job* job = FindJob(plan.key.job);
  if (Status status = CheckPlan(job, plan); !status.ok()) return Decline(plan.key, status);
  if (Status status = JoinMasking(*job, plan); !status.ok()) return Decline(plan.key, status);
  if (agent.is_working_ && agent.work_key_ == plan.key) return;  // asked twice, done once
  if (job->held != nullptr && job->held->content().key == plan.key) return SendReport(*job);
  // Trained already: it waits for the shares, or is being masked.
  if (job->masked != nullptr && (job->masked->contribution != nullptr || job->masked->is_masking)) return;
  SealedReportHandle old = std::move(job->held);
  if (agent.is_working_ && agent.work_key_.job != plan.key.job) {
    job->waiting = std::make_unique<RoundPlan>(std::move(plan));
  } else {
    if (agent.is_working_) out.emplace_back(KillWork{});
    Start(*job, std::move(plan));
  }
  if (old != nullptr) Forget(std::move(old));
}

void ClientAgent::Reaction::Start(Job& job, RoundPlan&& plan) {
  agent.is_working_ = true;
  agent.work_key_ = plan.key;
  agent.steps_done_ = agent.steps_told_ = agent.progress_ = 0;
  agent.uncharged_.reset();
  if (job.offered->manifest->spec.privacy) return AskForCharge(job, std::move(plan));
  auto clearance = EgressClearance::Open(*job.offered->manifest, plan.key);
  CAIRN_CHECK(clearance.ok(), "a round without privacy terms needs no permit");
  StartWorkOn(job, std::move(plan), *std::move(clearance));
}

void ClientAgent::Reaction::StartWorkOn(const Job& job, RoundPlan&& plan, EgressClearance clearance) {
  WorkRequest request;
  request.kind = plan.kind;
  request.manifest = job.offered->manifest;
  request.round = plan.key.round;
  request.attempt = plan.key.attempt;
  request.client = plan.client;
  request.train = plan.train;
  std::shared_ptr<const RingTerms> ring = RingTermsOf(job, plan);
  // Masked metrics are nobody's but the cohort's.
  request.evaluate = plan.evaluate && (ring != nullptr || agent.config_->policy.share_site_metrics);
  if (clearance.is_private()) {
    request.privacy = agent.identity_.privacy->PriceOf(*request.manifest)->round.training;
    request.evaluate = false;  // not even where nobody could read it
  }
  request.model = std::move(plan.model);
  const auto& tables = agent.config_->dataset_toml;
  if (const auto it = tables.find(request.manifest->spec.data.dataset); it != tables.end()) {
    request.dataset_toml = it->second;
  }
  out.emplace_back(StartWork{plan.key, std::move(request), std::move(ring),
                             std::make_shared<EgressClearance>(std::move(clearance))});
  Emit("work_started", plan.key);
}

void ClientAgent::Reaction::StartNextWaiting() {
  if (agent.is_working_) return;
  for (Job& job : agent.jobs_) {
    if (job.waiting == nullptr) continue;
    const std::unique_ptr<RoundPlan> plan = std::move(job.waiting);
    return Start(job, std::move(*plan));
  }
}

void ClientAgent::Reaction::Kill(JobId id) {
  if (Job* job = FindJob(id)) {
    job->waiting.reset();
    LeaveMasking(*job);
  }
  if (!agent.is_working_ || agent.work_key_.job != id) return;
  out.emplace_back(KillWork{});
  agent.is_working_ = false;
  StartNextWaiting();
}

void ClientAgent::Reaction::On(WorkProgressed&& event) {
  if (agent.is_working_ && event.key == agent.work_key_) agent.steps_done_ = event.steps_done;
}

void ClientAgent::Reaction::On(WorkDone&& event) {
  const bool is_expected = agent.is_working_ && event.key == agent.work_key_;
  if (!is_expected) return;  // killed: nobody waits for it
  agent.is_working_ = false;
  StartNextWaiting();
  Job* job = FindJob(event.key.job);
  if (!event.report.ok()) {
    if (job != nullptr) LeaveMasking(*job);
    return DeclineFailedWork(event.key, event.report.status());
  }
  if (job != nullptr) KeepAndSend(*job, std::move(*event.report));
}

void ClientAgent::Reaction::KeepAndSend(Job& job, SealedReport&& report) {
  const RoundKey key = report.content().key;
  Emit("report_sealed", key);
  if (agent.config_->keeping == ReportKeeping::kUntilSent) {
    if (is_connected() && Reveal(job, key)) Send(std::move(report).Take());
    return;
  }
  job.held = std::make_shared<SealedReport>(std::move(report));
  job.is_receipted = false;
  agent.unproven_ = Unproven::kReport;
  agent.unproven_key_ = key;
  Persist(ReportSealed{job.held});
  SendReport(job);
}

void ClientAgent::Reaction::SendReport(const Job& job) {
  if (!is_connected() || !Reveal(job, job.held->content().key)) return;
  Send(job.held->content());
  Emit("report_sent", job.held->content().key);
}

void ClientAgent::Reaction::Decline(RoundKey key, const Status& reason) {
  Emit("round_declined", key, reason.id(), reason.what());
  Send(RoundDecline{key, reason.id().value, reason.what()});
}

// A worker's words may quote a cell of the data or a path of this site, and they passed no egress guard: the
// aggregator gets the id and the catalogue's line for it, this site's log the place and no cell.
void ClientAgent::Reaction::DeclineFailedWork(RoundKey key, const Status& reason) {
  Emit("round_declined", key, reason.id(), ForTheLog(reason));
  const ErrorEntry* entry = FindError(reason.id());
  Send(RoundDecline{key, reason.id().value, entry == nullptr ? std::string() : std::string(entry->what)});
}

void ClientAgent::Reaction::Heard(ReportReceipt&& receipt) {
  Emit("report_receipted", receipt.key, ErrorId{receipt.reason_id}, std::move(receipt.reason));
  Job* job = FindJob(receipt.key.job);
  if (job == nullptr || job->held == nullptr || job->held->content().key != receipt.key) return;
  switch (receipt.outcome) {
    case ReportOutcome::kAccepted:
    case ReportOutcome::kDuplicate:
      job->is_receipted = true;  // kept: an aggregator that restarts may ask again until the round closes
      return;
    case ReportOutcome::kLate:
    case ReportOutcome::kInvalid:
      return Forget(std::move(job->held));
  }
}

void ClientAgent::Reaction::Heard(RoundClosed&& closed) {
  Job* job = FindJob(closed.key.job);
  if (job == nullptr) return;
  if (job->waiting != nullptr && IsOver(job->waiting->key, closed.key)) job->waiting.reset();
  if (agent.is_working_ && IsOver(agent.work_key_, closed.key)) {
    out.emplace_back(KillWork{});
    agent.is_working_ = false;
    StartNextWaiting();
  }
  if (job->masked != nullptr && IsOver(job->masked->key, closed.key)) LeaveMasking(*job);
  Emit(closed.committed ? "round_committed" : "round_abandoned", closed.key);
  if (job->held != nullptr && IsOver(job->held->content().key, closed.key)) Forget(std::move(job->held));
}

void ClientAgent::Reaction::Forget(SealedReportHandle report) {
  Persist(ReportReleased{report->content().key});
}

}  // namespace cairn
