#include <utility>

#include "client/agent/agent_reaction.h"

// What a private round costs: charged before its work, revealed before anything of it leaves.

namespace cairn {
namespace {

// After which of the ledger's answers no other round of the job would fare better. A later attempt has its
// own charge where this one was released (kPrivacyRevealed), and a disk may have room again.
bool IsOfTheWholeJob(ErrorId id) { return id.value / 100 == 62 && id != errors::kPrivacyRevealed; }

Result<EgressClearance> Clear(const JobManifest& manifest, RoundKey key,
                              const Result<PrivacyDesk::Price>& price, Result<ReleasePermit> permit) {
  CAIRN_RETURN_IF_ERROR(permit.status());
  CAIRN_RETURN_IF_ERROR(price.status());
  return EgressClearance::Private(manifest, key, price->population, *std::move(permit));
}

}  // namespace

Status ClientAgent::Reaction::WeighPrivacy(const OfferedJob& offered) const {
  const JobManifest& manifest = *offered.manifest;
  if (!manifest.spec.privacy) return {};
  if (agent.identity_.privacy == nullptr)
    return Status(errors::kPrivacyDomain, "this participant keeps no privacy ledger");
  const PrivacyDesk& desk = *agent.identity_.privacy;
  CAIRN_ASSIGN_OR_RETURN(const PrivacyDesk::Price price, desk.PriceOf(manifest));
  const auto least = static_cast<std::uint64_t>(agent.config_->policy.min_examples);
  if (!manifest.spec.privacy->protects_clients() && price.population < least) {
    return Status(errors::kPolicyFewExamples,
                  "domain \"" + price.domain + "\" has " + std::to_string(price.population) +
                      " people, the site asks for at least " + std::to_string(least));
  }
  return desk.Weigh(manifest);
}

void ClientAgent::Reaction::AskForCharge(Job& job, RoundPlan&& plan) {
  const RoundKey key = plan.key;
  const JobManifest& manifest = *job.offered->manifest;
  // A job that was accepted before a restart was weighed under the domains of then.
  const PrivacyDesk* desk = agent.identity_.privacy;
  const auto price = desk != nullptr
                         ? desk->PriceOf(manifest, plan.clip)
                         : Status(errors::kPrivacyDomain, "this participant keeps no privacy ledger");
  if (!price.ok()) {
    agent.is_working_ = false;
    LeaveMasking(job);
    job.uncharged = price.status();
    Answer(job);
    return DeclineFailedWork(key, price.status());
  }
  agent.uncharged_ = std::make_unique<RoundPlan>(std::move(plan));
  out.emplace_back(ChargePrivacy{key, price->For(manifest, key)});
}

void ClientAgent::Reaction::On(PrivacyCharged&& event) {
  const bool is_expected = agent.is_working_ && event.key == agent.work_key_ && agent.uncharged_ != nullptr;
  if (!is_expected) return;  // killed: a later attempt goes on under the charge
  const std::unique_ptr<RoundPlan> plan = std::move(agent.uncharged_);
  Job* job = FindJob(event.key.job);
  CAIRN_CHECK(job != nullptr && job->offered != nullptr, "the work of a job that ended was killed");
  const JobManifest& manifest = *job->offered->manifest;
  Result<EgressClearance> clearance =
      Clear(manifest, event.key, agent.identity_.privacy->PriceOf(manifest), std::move(event.permit));
  if (clearance.ok()) {
    Emit("privacy_charged", event.key);
    return StartWorkOn(*job, std::move(*plan), *std::move(clearance));
  }
  const Status reason = clearance.status();
  agent.is_working_ = false;
  LeaveMasking(*job);
  if (IsOfTheWholeJob(reason.id())) {  // first, so that no other attempt invites this site meanwhile
    job->uncharged = reason;
    Answer(*job);
  }
  DeclineFailedWork(event.key, reason);  // how much was spent is nobody's but the site's
  StartNextWaiting();
}

bool ClientAgent::Reaction::Reveal(const Job& job, RoundKey key) {
  const bool is_known = job.offered != nullptr;
  if (is_known && !job.offered->manifest->spec.privacy) return true;
  const PrivacyDesk* desk = agent.identity_.privacy;
  Status reason(errors::kPrivacyDomain, "nothing says under which charge the report was made");
  if (is_known && desk != nullptr) {
    const auto price = desk->PriceOf(*job.offered->manifest);
    if (price.ok()) {
      out.emplace_back(RevealPrivacy{price->For(*job.offered->manifest, key).key});
      return true;
    }
    reason = price.status();
  }
  Emit("report_withheld", key, reason.id(), reason.what());
  return false;
}

}  // namespace cairn
