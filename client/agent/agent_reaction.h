#pragma once

#include <memory>
#include <utility>

#include "client/agent/client_agent.h"

namespace cairn {

// One Step of an agent: the event's time, the agent and the action list it appends to. Internal to
// client/agent; agent_link.cc holds the connection, agent_jobs.cc offers and approvals,
// agent_rounds.cc plans, work and reports, agent_privacy.cc what they cost.
//
// A list is cut where a Persist fails, so within a list whatever does not depend on the record
// stands before it.
struct ClientAgent::Reaction {
  ClientAgent& agent;
  TimePoint now;
  AgentActions& out;

  // agent_link.cc
  void On(AgentStarted&& event);
  void On(ChannelOpened&& event);
  void On(ChannelClosed&& event);
  void On(ServerSaid&& event);
  void On(AgentTimerFired&& event);
  void On(AgentStopRequested&& event);
  void Heard(Welcome&& welcome);
  void Heard(Refusal&& refusal);
  void Open();
  void GiveUpChannel(Status reason);
  void WaitToRetry(Retry retry);
  void Block(Status reason);

  // agent_jobs.cc
  void On(ApprovalChanged&& event);
  void On(PolicyChanged&& event);
  void On(AgentActionFailed&& event);
  void Heard(JobOffer&& offer);
  void Heard(JobEnded&& ended);
  PolicyVerdict Judge(const OfferedJob& offered) const;
  void Answer(Job& job);
  void Reply(const Job& job, std::string reason);
  Job* TakeOffer(OfferedJobHandle offered);
  bool EndOldestIdle();
  std::string RecordApproval(const ApprovalChanged& event);

  // agent_rounds.cc
  void On(WorkProgressed&& event);
  void On(WorkDone&& event);
  void Heard(RoundPlan&& plan);
  void Heard(ReportReceipt&& receipt);
  void Heard(RoundClosed&& closed);
  Status CheckPlan(const Job* job, const RoundPlan& plan) const;
  void Start(Job& job, RoundPlan&& plan);
  void StartWorkOn(const Job& job, RoundPlan&& plan, EgressClearance clearance);
  void StartNextWaiting();
  void Kill(JobId job);  // its work and its waiting plan
  void KeepAndSend(Job& job, SealedReport&& report);
  void SendReport(const Job& job);
  void Decline(RoundKey key, const Status& reason);
  void DeclineFailedWork(RoundKey key, const Status& reason);
  void Forget(SealedReportHandle report);  // persists that nobody will ask for it again

  // agent_privacy.cc
  void On(PrivacyCharged&& event);
  Status WeighPrivacy(const OfferedJob& offered) const;
  void AskForCharge(Job& job, RoundPlan&& plan);
  bool Reveal(const Job& job, RoundKey key);  // false: it must not leave

  // agent_masking.cc
  void On(ContributionReady&& event);
  void On(MaskingStepped&& event);
  void On(InputMasked&& event);
  void Heard(MaskingToClient&& message);
  Result<BeginMasking> PrepareMasking(const Job& job, const RoundPlan& plan) const;
  Result<BeginMasking> CheckMasking(const Job& job, const RoundPlan& plan) const;
  std::shared_ptr<const RingTerms> RingTermsOf(const Job& job, const RoundPlan& plan) const;
  Status JoinMasking(Job& job, const RoundPlan& plan);
  void MaskIfReady(Job& job);
  void LeaveMasking(Job& job);
  void StopForGood(Job& job, RoundKey key, std::shared_ptr<const secagg::Contradiction> evidence);
  Job* FindMasked(RoundKey key);

  // small words
  Job* FindJob(JobId id);
  bool is_connected() const { return agent.state_ == AgentState::kConnected; }
  void Send(ClientMessage message) {
    if (is_connected()) out.emplace_back(SendToServer{std::move(message)});
  }
  void Persist(AgentRecord record) { out.emplace_back(PersistAgent{std::move(record)}); }
  void Emit(std::string_view name, RoundKey key = {}, ErrorId error = {}, std::string detail = {}) {
    out.emplace_back(EmitEvent{name, key, error, std::move(detail)});
  }
};

}  // namespace cairn
