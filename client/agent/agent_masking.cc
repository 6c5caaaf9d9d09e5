#include <utility>

#include "client/agent/agent_reaction.h"
#include "protocol/messages/masking_terms.h"

// A masked attempt: keys and shares while the worker trains, the contribution masked when both are ready, and
// the survivors' agreement afterwards. Decisions only; keys and vectors are in the driver's hands.

namespace cairn {
namespace {

// What a site's log calls the step it has taken.
std::string_view NameOf(const secagg::ToServer& reply) {
  constexpr std::string_view kNames[] = {"keys_advertised",  "shares_dealt",    "input_masked",
                                         "survivors_agreed", "shares_revealed", "share_disputed"};
  return kNames[reply.index()];
}

}  // namespace

// What this site is to the masking of a job: of a grouped one its own group, as the manifest that it approved
// makes it, among whose members alone it masks.
Result<BeginMasking> ClientAgent::Reaction::PrepareMasking(const Job& job, const RoundPlan& plan) const {
  const OfferedJob& offered = *job.offered;
  BeginMasking begin{plan.key, {}, {}, *agent.config_->masking};
  std::uint32_t group = 0;
  std::size_t group_sites = 0;
  if (offered.groups.has_value()) {
    const std::optional<std::uint32_t> own = offered.groups->IndexOf(agent.identity_.site);
    if (!own.has_value()) return Status(errors::kPolicyNotListed, "the job has no group for this site");
    group = *own;
    group_sites = offered.groups->Sites(group).size();
    CAIRN_RETURN_IF_ERROR(CheckGroupSites(*offered.manifest, *begin.identity.membership));
    begin.identity.membership = std::make_shared<const secagg::Membership>(
        offered.groups->Restrict(*begin.identity.membership, group));
  }
  CAIRN_ASSIGN_OR_RETURN(begin.terms,
                         MaskingTermsOf({*offered.manifest, offered.layout, *begin.identity.membership,
                                         begin.identity.aggregator, group, plan.clip},
                                        plan.key, plan.kind, plan.model->ref));
  begin.floors = MaskingFloorsOf(offered.manifest->spec, agent.config_->policy.min_cohort, group_sites);
  return begin;
}

// The terms as this site works them out from what it holds itself; refused when the aggregator's are others.
Result<BeginMasking> ClientAgent::Reaction::CheckMasking(const Job& job, const RoundPlan& plan) const {
  const auto refused = [](std::string what) { return Status(errors::kSecAggTerms, std::move(what)); };
  CAIRN_RETURN_IF_ERROR(plan.masking->roster_fault);
  if (!agent.config_->masking.has_value())
    return refused("this site has no roster that names a signing key of the aggregator");
  CAIRN_ASSIGN_OR_RETURN(BeginMasking begin, PrepareMasking(job, plan));
  if (secagg::RoundContext(begin.terms) != plan.masking->context) {
    return refused(
        "the aggregator's terms of this attempt are not those of the manifest, model and roster here");
  }
  CAIRN_RETURN_IF_ERROR(secagg::CheckTerms(begin.terms, begin.floors));
  return begin;
}

Status ClientAgent::Reaction::JoinMasking(Job& job, const RoundPlan& plan) {
  if (!job.offered->is_masked()) {
    if (!plan.masking.has_value()) return {};
    return Status(errors::kSecAggTerms, "the plan is masked, the approved job is not");
  }
  if (!plan.masking.has_value()) {
    if (agent.config_->policy.secagg == SecAggPolicy::kUnchecked) return {};  // not a site
    return Status(errors::kSecAggTerms, "the job is masked, the plan asks for a vector without masks");
  }
  const bool is_known = job.masked != nullptr && job.masked->key == plan.key;
  if (job.masked != nullptr && plan.key < job.masked->key)
    return Status(errors::kSecAggTerms,
                  "the plan is of an earlier attempt than the one this site takes part in");
  CAIRN_ASSIGN_OR_RETURN(BeginMasking begin, CheckMasking(job, plan));
  if (!is_known) {
    LeaveMasking(job);
    job.masked = std::make_unique<MaskedAttempt>();
    job.masked->key = plan.key;
  }
  // Again for a known one: its first message may not have arrived, and equal bytes do no harm.
  out.emplace_back(std::move(begin));
  return {};
}

std::shared_ptr<const RingTerms> ClientAgent::Reaction::RingTermsOf(const Job& job,
                                                                    const RoundPlan& plan) const {
  const JobManifest& manifest = *job.offered->manifest;
  if (!manifest.spec.secagg.is_masked()) return nullptr;
  // Exact sums are the same bytes without masks, so that participants which are no sites leave the ring out
  // too. It keeps groups apart.
  if (!plan.masking.has_value() && !NeedsRing(manifest.spec)) return nullptr;
  auto ring = std::make_shared<RingTerms>();
  ring->layout = MaskedLayoutOf(manifest, job.offered->layout, plan.kind, plan.clip);
  ring->encode = {manifest.spec.seed, plan.key.round, plan.client, manifest.spec.strategy.weight_by_examples};
  ring->is_masked = plan.masking.has_value();
  return ring;
}

ClientAgent::Job* ClientAgent::Reaction::FindMasked(RoundKey key) {
  Job* job = FindJob(key.job);
  return job != nullptr && job->masked != nullptr && job->masked->key == key ? job : nullptr;
}

void ClientAgent::Reaction::Heard(MaskingToClient&& message) {
  if (FindMasked(message.key) == nullptr) return;
  out.emplace_back(StepMasking{message.key, std::move(message.body)});
}

void ClientAgent::Reaction::On(MaskingStepped&& event) {
  Job* job = FindMasked(event.key);
  if (job == nullptr) return;
  if (!event.step.ok()) {
    const Status reason = event.step.status();
    if (agent.is_working_ && agent.work_key_ == event.key) {
      out.emplace_back(KillWork{});
      agent.is_working_ = false;
    }
    LeaveMasking(*job);
    Decline(event.key, reason);
    return StartNextWaiting();
  }
  if (event.step->contradiction != nullptr)
    return StopForGood(*job, event.key, std::move(event.step->contradiction));
  if (event.step->reply.has_value()) {
    Emit(NameOf(*event.step->reply), event.key);
    Send(MaskingToServer{event.key, std::move(*event.step->reply)});
  }
  if (event.step->has_left) return LeaveMasking(*job);
  if (event.step->can_mask && !job->masked->can_mask) Emit("masking_ready", event.key);
  job->masked->can_mask = job->masked->can_mask || event.step->can_mask;
  MaskIfReady(*job);
}

void ClientAgent::Reaction::On(ContributionReady&& event) {
  const bool is_expected = agent.is_working_ && event.key == agent.work_key_;
  if (!is_expected) return;
  agent.is_working_ = false;
  StartNextWaiting();
  Job* job = FindMasked(event.key);
  if (job == nullptr) return;
  if (!event.contribution.ok()) {
    LeaveMasking(*job);
    return DeclineFailedWork(event.key, event.contribution.status());
  }
  job->masked->contribution = std::move(*event.contribution);
  MaskIfReady(*job);
}

void ClientAgent::Reaction::MaskIfReady(Job& job) {
  MaskedAttempt& attempt = *job.masked;
  if (!attempt.can_mask || attempt.contribution == nullptr || attempt.is_masking) return;
  attempt.is_masking = true;
  out.emplace_back(MaskInput{attempt.key, std::move(attempt.contribution)});
}

void ClientAgent::Reaction::On(InputMasked&& event) {
  Job* job = FindMasked(event.key);
  if (job == nullptr) return;
  if (!event.report.ok()) {
    LeaveMasking(*job);
    return Decline(event.key, event.report.status());
  }
  KeepAndSend(*job, std::move(*event.report));
}

// In force at once, durable or not: what could not be recorded is forgotten only when this process ends.
void ClientAgent::Reaction::StopForGood(Job& job, RoundKey key,
                                        std::shared_ptr<const secagg::Contradiction> evidence) {
  const std::string& digest = job.offered->manifest->digest;
  agent.stopped_.push_back({key, digest, {}});
  Kill(job.id);
  Emit("aggregator_contradicted_itself", key, errors::kSecAggContradiction,
       "it signed two different " + std::string(NameOf(*evidence)) + " for one attempt");
  Decline(key, agent.CheckNotStopped(digest));
  SealedReportHandle held = std::move(job.held);
  Persist(ContradictionFound{key, digest, std::move(evidence)});
  Answer(job);
  if (held != nullptr) Forget(std::move(held));
}

// Nothing of the attempt is wanted any more.
void ClientAgent::Reaction::LeaveMasking(Job& job) {
  if (job.masked == nullptr) return;
  out.emplace_back(EndMasking{job.masked->key});
  job.masked.reset();
}

}  // namespace cairn
