#include "aggregator/engine/round_engine.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"
#include "core/tensor/exact_sum.h"

namespace cairn {
namespace {

// A multiple of the weight grid's step, so that product and denominator of the mean hold the same number and
// a masked sum on the same grid gives the same bytes.
double WeightOf(const StrategyConfig& strategy, std::int64_t examples) {
  if (!strategy.weight_by_examples) return 1.0;
  return std::ldexp(
      static_cast<double>(secagg::GridWeight(examples, strategy.weight_cap, kWeightFractionBits)),
      -kWeightFractionBits);
}

DomainEvent RoundEvent(DomainEvent::Level level, std::string name, const RoundKey& key) {
  return {level,
          std::move(name),
          {{"job", static_cast<std::int64_t>(key.job.value)},
           {"round", static_cast<std::int64_t>(key.round.value)},
           {"attempt", static_cast<std::int64_t>(key.attempt)}}};
}

}  // namespace

RoundEngine::RoundEngine(RoundConfig config, ModelHandle model, const Population& population,
                         TimerId first_timer, std::unique_ptr<GroupedMasking> masked)
    : config_(std::move(config)),
      model_(std::move(model)),
      population_(population),
      deadline_timer_(first_timer),
      stall_timer_{first_timer.value + 1},
      masked_(std::move(masked)) {
  members_.reserve(config_.cohort.invited.size());
  for (std::size_t i = 0; i < config_.cohort.invited.size(); ++i) {
    const std::uint32_t group = config_.group_of.empty() ? 0 : config_.group_of[i];
    members_.push_back({config_.cohort.invited[i], group, State::kPending, -1, {}});
  }
  pending_ = members_.size();
}

void RoundEngine::Open(TimePoint now, Actions& out) {
  out.push_back(Persist{{config_.key.job, RoundOpened{config_.key, config_.kind, config_.cohort.invited,
                                                      static_cast<std::uint32_t>(config_.cohort.goal),
                                                      static_cast<std::uint32_t>(config_.cohort.min_reports),
                                                      config_.roster}}});
  Start(now, {}, out);
}

Status RoundEngine::Resume(TimePoint now, const MaskingRecords& records, Actions& out) {
  BlobRef kept_sum;
  if (masked_ != nullptr) CAIRN_RETURN_IF_ERROR(Replay(records, kept_sum));
  Start(now, kept_sum, out);
  if (masked_ != nullptr) AdvanceMasking(now, false, out);
  return {};
}

void RoundEngine::Start(TimePoint now, const BlobRef& kept_sum, Actions& out) {
  opened_ = now;
  phase_began_ = now;
  if (config_.kind == RoundKind::kTrain || config_.ring != nullptr)
    out.push_back(OpenSum{config_.key, config_.ring, kept_sum, config_.grouping});
  if (config_.deadline > Duration{0}) out.push_back(SetTimer{deadline_timer_, now + config_.deadline});
  for (Member& member : members_) {
    if (member.state != State::kDropped) SendPlan(now, member, out);
  }
  ArmStallTimer(now, out);
}

void RoundEngine::SendPlan(TimePoint now, Member& member, Actions& out) {
  member.last_progress = now;
  member.progress_seen = -1;  // a process that died counts from the start again
  if (!population_.connected(member.client)) return;
  RoundPlan plan;
  plan.key = config_.key;
  plan.kind = config_.kind;
  plan.client = member.client;
  plan.train = config_.train;
  plan.evaluate = config_.evaluate;
  if (config_.deadline > Duration{0})
    plan.deadline = std::max(Duration{1}, config_.deadline - (now - opened_));
  plan.layout_hash = config_.layout_hash;
  plan.model_ref = model_->ref;
  plan.model = model_;
  plan.clip = config_.clip;
  if (masked_ != nullptr) plan.masking = PlanMasking{masked_->context(member.client), config_.roster, {}};
  out.push_back(Send{population_.session(member.client), std::move(plan)});
  if (masked_ != nullptr) SendMasking(member, out);
}

void RoundEngine::OnConnected(TimePoint now, ClientId client, Actions& out) {
  Member* member = Find(client);
  if (member == nullptr || member->state == State::kDropped) return;
  signing_from_ = 0;
  // Of a masked attempt also those whose vector is in: the sum cannot be opened without them.
  const bool is_wanted = masked_ != nullptr ? phase_ == Phase::kReporting || phase_ == Phase::kUnmasking
                                            : phase_ == Phase::kReporting && member->state == State::kPending;
  if (is_wanted) SendPlan(now, *member, out);
}

void RoundEngine::OnDisconnected(TimePoint now, ClientId client, bool for_good, Actions& out) {
  Member* member = Find(client);
  if (for_good && phase_ == Phase::kReporting && member != nullptr && member->state == State::kPending) {
    Drop(*member);
    masked_ != nullptr ? AdvanceMasking(now, false, out) : MaybeClose(false, out);
  } else if (masked_ != nullptr && phase_ == Phase::kUnmasking) {
    AdvanceMasking(now, false, out);  // perhaps it was the one that was waited for
  }
}

void RoundEngine::OnHeartbeat(TimePoint now, ClientId client, const Heartbeat& beat) {
  Member* member = Find(client);
  if (member == nullptr || beat.key != config_.key || beat.progress <= member->progress_seen) return;
  member->progress_seen = beat.progress;
  member->last_progress = now;
}

void RoundEngine::OnReport(TimePoint now, ClientId client, Report report, Actions& out) {
  Member* member = Find(client);
  if (report.key != config_.key || member == nullptr || phase_ != Phase::kReporting ||
      member->state == State::kDropped) {
    const bool duplicate =
        report.key == config_.key && member != nullptr && member->state == State::kReported;
    if (!duplicate) ++late_;
    Receipt(client, report.key, duplicate ? ReportOutcome::kDuplicate : ReportOutcome::kLate, {}, out);
    return;
  }
  if (member->state == State::kReported) {
    Receipt(client, report.key, ReportOutcome::kDuplicate, {}, out);
    return;
  }
  Status fault = FaultOf(report);
  // Last, since the attempt's masking takes note of what it accepts.
  if (fault.ok() && masked_ != nullptr) fault = masked_->TakeInput(client, *report.masked);
  if (!fault.ok()) {
    Receipt(client, report.key, ReportOutcome::kInvalid, fault, out);
    Refuse(*member, fault, "update.refused", out);
    masked_ != nullptr ? AdvanceMasking(now, false, out) : MaybeClose(false, out);
    return;
  }
  Accept(now, *member, std::move(report), out);
}

Status RoundEngine::FaultOf(const Report& report) const {
  if (!report.fault.ok()) return report.fault;
  if (report.kind != config_.kind || report.layout_hash != config_.layout_hash) {
    return Status(errors::kUpdateLayout,
                  "the report is for another kind of round or another layout than the plan");
  }
  if (config_.ring != nullptr) {
    if (report.ring == nullptr || report.ring->bytes().size() != config_.ring->byte_size() ||
        report.masked.has_value() != (masked_ != nullptr)) {
      return Status(errors::kUpdateLayout,
                    "the report of a masked round brings no vector of the round's layout");
    }
    return {};
  }
  if (config_.kind == RoundKind::kTrain && (report.update == nullptr || report.examples <= 0)) {
    return Status(errors::kUpdateLayout, "the report of a training round has no update or no examples");
  }
  if (!report.metrics.empty() && !metrics_.empty() && report.metrics.classes != metrics_.classes) {
    return Status(errors::kMetricsLayout, "the report counts " + std::to_string(report.metrics.classes) +
                                              " classes, the others " + std::to_string(metrics_.classes));
  }
  return {};
}

// What a site sent is not to be used: it is counted, named and out of the attempt.
void RoundEngine::Refuse(Member& member, const Status& fault, const char* name, Actions& out) {
  ++invalid_;
  if (member.state == State::kPending) Drop(member);
  DomainEvent event = RoundEvent(DomainEvent::Level::kWarning, name, config_.key);
  event.fields.emplace_back("site", population_.site(member.client));
  event.fields.emplace_back("id", ToString(fault.id()));
  event.fields.emplace_back("why", fault.what());
  out.push_back(Emit{std::move(event)});
}

void RoundEngine::Accept(TimePoint now, Member& member, Report report, Actions& out) {
  member.state = State::kReported;
  member.last_progress = now;
  slowest_ = now - opened_;
  --pending_;
  ++reported_;
  examples_ += report.examples;
  if (!report.metrics.empty()) {
    if (metrics_.classes == 0) metrics_ = MetricSums::ForClasses(report.metrics.classes);
    const Status added = metrics_.Add(report.metrics);
    CAIRN_CHECK(added.ok(), "classes were compared before the report was accepted");
  }
  if (config_.ring != nullptr) {
    out.push_back(Fold{config_.key, member.client, nullptr, 1, std::move(report.ring), member.group});
  } else if (config_.kind == RoundKind::kTrain) {
    out.push_back(Fold{config_.key, member.client, std::move(report.update),
                       WeightOf(config_.manifest->spec.strategy, report.examples), nullptr, 0});
  }
  Receipt(member.client, config_.key, ReportOutcome::kAccepted, {}, out);
  masked_ != nullptr ? AdvanceMasking(now, false, out) : MaybeClose(false, out);
}

void RoundEngine::OnDecline(TimePoint now, ClientId client, const RoundDecline& decline, Actions& out) {
  Member* member = Find(client);
  if (decline.key == config_.key && member != nullptr && phase_ == Phase::kUnmasking)
    return TakeRefusal(now, *member, decline, out);
  if (decline.key != config_.key || member == nullptr || member->state != State::kPending ||
      phase_ != Phase::kReporting) {
    return;
  }
  ++declined_;
  Drop(*member);
  TellDecline(*member, decline, out);
  masked_ != nullptr ? AdvanceMasking(now, false, out) : MaybeClose(false, out);
}

void RoundEngine::TellDecline(const Member& member, const RoundDecline& decline, Actions& out) const {
  DomainEvent event = RoundEvent(DomainEvent::Level::kWarning, "round.declined", config_.key);
  event.fields.emplace_back("site", population_.site(member.client));
  event.fields.emplace_back("id", ToString(ErrorId{decline.reason_id}));
  event.fields.emplace_back("why", decline.reason);
  out.push_back(Emit{std::move(event)});
}

void RoundEngine::OnTimer(TimePoint now, TimerId timer, Actions& out) {
  if (phase_ != Phase::kReporting && phase_ != Phase::kUnmasking) return;
  if (timer == deadline_timer_) masked_ != nullptr ? AdvanceMasking(now, true, out) : MaybeClose(true, out);
  if (timer == stall_timer_) DropStalled(now, out);
}

void RoundEngine::DropStalled(TimePoint now, Actions& out) {
  for (Member& member : members_) {
    if (!is_waited_for(member) || now - member.last_progress < config_.stall_timeout) continue;
    Drop(member);
    DomainEvent event = RoundEvent(DomainEvent::Level::kWarning, "client.stalled", config_.key);
    event.fields.emplace_back("site", population_.site(member.client));
    out.push_back(Emit{std::move(event)});
  }
  masked_ != nullptr ? AdvanceMasking(now, false, out) : MaybeClose(false, out);
  // A named set of survivors cannot be made smaller: it is waited for, and given up when nobody moves any
  // more. Of a grouped round the sums that can be opened are.
  if (phase_ == Phase::kUnmasking && now - phase_began_ >= 4 * config_.stall_timeout) {
    masked_->enough_can_close() ? AdvanceMasking(now, true, out)
                                : Abandon("too few survivors came back to open the sum", out);
  }
  if (!over()) ArmStallTimer(now, out);
}

void RoundEngine::ArmStallTimer(TimePoint now, Actions& out) const {
  if (config_.stall_timeout > Duration{0})
    out.push_back(SetTimer{stall_timer_, now + config_.stall_timeout / 4});
}

// Enough reports close the phase at once; otherwise it closes when nobody is left to wait for.
void RoundEngine::MaybeClose(bool deadline_passed, Actions& out) {
  if (phase_ != Phase::kReporting) return;
  const bool goal_met = reported_ >= config_.cohort.goal;
  if (!goal_met && pending_ > 0 && !deadline_passed) return;
  if (reported_ > 0 && reported_ >= config_.cohort.min_reports) {
    BeginFinish(out);
  } else {
    Abandon(std::to_string(reported_) + " of at least " + std::to_string(config_.cohort.min_reports) +
                " reports arrived",
            out);
  }
}

// Of a round whose masks are left out: the sums that its masking would have opened.
std::vector<GroupSum> RoundEngine::SumsWithoutMasks() {
  std::vector<GroupSum> all(config_.grouping.groups);
  for (const Member& member : members_) {
    if (member.state == State::kReported) ++all[member.group].survivors;
  }
  std::vector<GroupSum> sums;
  for (std::uint32_t group = 0; group < all.size(); ++group) {
    const std::size_t least = config_.least_of_group.empty() ? 1 : config_.least_of_group[group];
    if (all[group].survivors < std::max<std::size_t>(1, least)) continue;
    sums.push_back({group, std::make_shared<const secagg::UnmaskWork>(), all[group].survivors});
  }
  return sums;
}

void RoundEngine::BeginFinish(Actions& out) {
  std::vector<GroupSum> sums;
  if (config_.ring != nullptr) {
    sums = SumsWithoutMasks();
    if (sums.size() < config_.grouping.least) {
      return Abandon(std::to_string(sums.size()) + " of at least " + std::to_string(config_.grouping.least) +
                         " groups are large enough",
                     out);
    }
    for (Member& member : members_) {
      const bool is_lost = std::ranges::find(sums, member.group, &GroupSum::group) == sums.end();
      if (is_lost && member.state == State::kReported) Drop(member);
    }
  }
  phase_ = Phase::kFinishing;
  out.push_back(CancelTimer{deadline_timer_});
  out.push_back(CancelTimer{stall_timer_});
  if (config_.ring != nullptr) {
    out.push_back(Finish{config_.key, std::move(sums), CentralEvent()});
  } else if (config_.kind == RoundKind::kEvaluate) {
    Commit(model_, {}, out);
  } else {
    out.push_back(Finish{config_.key, {}});
  }
}

void RoundEngine::OnFinished(const Finished& finished, Actions& out) {
  if (phase_ != Phase::kFinishing || finished.key != config_.key) return;
  for (const DiscardedSum& sum : finished.discarded) LoseGroup(sum, out);
  if (finished.counts.has_value()) {
    examples_ = finished.counts->examples;
    metrics_ = finished.counts->metrics;
  }
  next_clip_ = config_.clip;
  if (finished.share_within.has_value()) next_clip_ = ClipAfter(*finished.share_within);
  Commit(finished.model, finished.server_state, out);
}

// The present one where no site could draw noise for the next.
double RoundEngine::ClipAfter(double share_within) const {
  const JobSpec& spec = config_.manifest->spec;
  const double next = NextClip(*spec.privacy, config_.clip, share_within);
  const std::uint64_t parameters = config_.ring->Find("parameters").length;
  return CheckClientNoise(ClientNoiseOf(spec, parameters, next)).ok() ? next : config_.clip;
}

// None where the noise of the round is the sites', or there is none.
std::optional<PrivacyEvent> RoundEngine::CentralEvent() const {
  if (config_.ring == nullptr || !config_.ring->noise.has_value() || config_.ring->noise->sum_sigma == 0)
    return std::nullopt;
  const JobSpec& spec = config_.manifest->spec;
  auto event = ClientEventOf(*spec.privacy, *config_.ring->noise, SmallestMaskedCohort(spec));
  CAIRN_CHECK(event.ok(), "the noise was priced when the job was created");
  return *std::move(event);
}

void RoundEngine::Commit(ModelHandle model, BlobRef server_state, Actions& out) {
  phase_ = Phase::kCommitted;
  model_ = std::move(model);
  RoundSummary summary = Summarize();
  out.push_back(Persist{{config_.key.job, RoundCommitted{summary, model_->ref, server_state}}});
  out.push_back(Publish{summary, model_});
  CloseMembers(true, out);
  DomainEvent event = RoundEvent(DomainEvent::Level::kInfo, "round.committed", config_.key);
  event.fields.emplace_back("reported", static_cast<std::int64_t>(reported_));
  event.fields.emplace_back("invited", static_cast<std::int64_t>(members_.size()));
  event.fields.emplace_back("model", model_->ref.hex());
  out.push_back(Emit{std::move(event)});
}

void RoundEngine::Abandon(const std::string& reason, Actions& out) {
  if (over()) return;
  is_refused_ = phase_ == Phase::kUnmasking && masked_ != nullptr && masked_->is_any_refused();
  phase_ = Phase::kAbandoned;
  out.push_back(CancelTimer{deadline_timer_});
  out.push_back(CancelTimer{stall_timer_});
  CloseMembers(false, out);
  DomainEvent event = RoundEvent(DomainEvent::Level::kWarning, "round.abandoned", config_.key);
  event.fields.emplace_back("why", reason);
  out.push_back(Emit{std::move(event)});
}

void RoundEngine::CloseMembers(bool committed, Actions& out) {
  for (const Member& member : members_) {
    if (!population_.connected(member.client)) continue;
    out.push_back(Send{population_.session(member.client), RoundClosed{config_.key, committed}});
  }
}

RoundEngine::Member* RoundEngine::Find(ClientId client) {
  const auto it =
      std::lower_bound(members_.begin(), members_.end(), client,
                       [](const Member& member, ClientId wanted) { return member.client < wanted; });
  return it != members_.end() && it->client == client ? &*it : nullptr;
}

void RoundEngine::Drop(Member& member) {
  --(member.state == State::kReported ? reported_ : pending_);
  member.state = State::kDropped;
  ++dropped_;
}

// Said, and its sites are out of the attempt. Of a round that is not grouped the attempt ends anyway.
void RoundEngine::LoseGroup(const DiscardedSum& lost, Actions& out) {
  if (config_.grouping.groups == 1) return;
  for (Member& member : members_) {
    if (member.group != lost.group || member.state == State::kDropped) continue;
    Drop(member);
    const bool is_told = phase_ != Phase::kFinishing;  // else with all the others
    if (is_told && population_.connected(member.client))
      out.push_back(Send{population_.session(member.client), RoundClosed{config_.key, false}});
  }
  DomainEvent event = RoundEvent(DomainEvent::Level::kWarning, "group.left_out", config_.key);
  event.fields.emplace_back("group", static_cast<std::int64_t>(lost.group + 1));
  event.fields.emplace_back("id", ToString(lost.why.id()));
  event.fields.emplace_back("why", lost.why.what());
  out.push_back(Emit{std::move(event)});
}

void RoundEngine::Receipt(ClientId client, const RoundKey& key, ReportOutcome outcome, const Status& why,
                          Actions& out) const {
  if (!population_.connected(client)) return;
  out.push_back(Send{population_.session(client), ReportReceipt{key, outcome, why.id().value, why.what()}});
}

RoundSummary RoundEngine::Summarize() const {
  RoundSummary summary;
  summary.key = config_.key;
  summary.kind = config_.kind;
  summary.invited = members_.size();
  for (const Member& member : members_) {
    if (member.state == State::kReported) summary.reported.push_back(member.client);
  }
  summary.declined = declined_;
  summary.invalid = invalid_;
  summary.late = late_;
  summary.examples = examples_;
  summary.metrics = metrics_;
  summary.clip = config_.clip;
  summary.next_clip = next_clip_;
  return summary;
}

}  // namespace cairn
