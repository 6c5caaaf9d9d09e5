// How the rounds of a job are opened: who is invited, in which groups, under which masks.
#include <algorithm>
#include <utility>

#include "aggregator/engine/job_engine.h"
#include "protocol/messages/masking_terms.h"

namespace cairn {
namespace {

// A round uses two timers of its own; JobEngine has the third.
constexpr TimerId kRoundTimers{1};

}  // namespace

void JobEngine::MaybeOpenRound(TimePoint now, Actions& out) {
  if (phase_ != Phase::kWaiting) return;
  if (resume_ != nullptr) {
    const auto resumed = std::exchange(resume_, nullptr);
    OpenRound(now, {resumed->invited, resumed->goal, resumed->min_reports}, resumed.get(), out);
    return;
  }
  const std::vector<ClientId> available = population_.ConnectedClients();
  CohortConfig terms = manifest_->spec.cohort;
  if (available.size() < terms.min_clients) return;
  if (groups_.has_value()) {
    const CohortPlan plan = SelectGroups(available);
    if (!plan.invited.empty()) OpenRound(now, plan, nullptr, out);
    return;
  }
  const bool is_masked = manifest_->spec.secagg.is_masked();
  if (is_masked && terms.target == 0 && available.size() > LargestCohort(manifest_->spec))
    terms.target = LargestCohort(manifest_->spec);  // as many as the ring and the graph were made for
  const StreamLabel label{Purpose::kSelect, rounds_done_ + 1, 0, attempt_};
  OpenRound(now, SelectCohort(terms, available, parts_.random->Open(label)), nullptr, out);
}

std::vector<std::vector<ClientId>> JobEngine::ByGroup(const std::vector<ClientId>& clients) const {
  std::vector<std::vector<ClientId>> groups(groups_->count());
  for (const ClientId client : clients)
    groups[*groups_->IndexOf(population_.site(client)) - 1].push_back(client);
  return groups;
}

// Everybody in a group that is large enough, for the aggregator and for its sites; nobody as long as there
// are too few such groups.
CohortPlan JobEngine::SelectGroups(const std::vector<ClientId>& available) const {
  const JobSpec& spec = manifest_->spec;
  CohortPlan plan;
  std::uint32_t large = 0;
  const auto groups = ByGroup(available);
  for (std::uint32_t group = 0; group < groups.size(); ++group) {
    const std::size_t here = groups[group].size(), all = groups_->Sites(group + 1).size();
    if (here < SmallestGroupSum(spec.secagg) || 2 * here <= all) continue;
    ++large;
    plan.invited.insert(plan.invited.end(), groups[group].begin(), groups[group].end());
  }
  if (large < LeastGroups(spec.secagg)) return {};
  std::ranges::sort(plan.invited);
  plan.goal = plan.invited.size();
  plan.min_reports = spec.cohort.min_reports > 0 ? spec.cohort.min_reports
                                                 : LeastGroups(spec.secagg) * SmallestGroupSum(spec.secagg);
  return plan;
}

void JobEngine::SetGrouping(RoundConfig& config) const {
  const SecAggConfig& secagg = manifest_->spec.secagg;
  config.grouping = {groups_->count(), LeastGroups(secagg), secagg.rule, secagg.trim};
  for (const ClientId client : config.cohort.invited)
    config.group_of.push_back(*groups_->IndexOf(population_.site(client)) - 1);
  if (parts_.masking != nullptr) return;
  for (const std::vector<ClientId>& invited : ByGroup(config.cohort.invited)) {
    std::size_t least = SmallestGroupSum(secagg);
    if (parts_.least_reports && !invited.empty())
      least = std::max(least, parts_.least_reports(config.key, invited));
    config.least_of_group.push_back(least);
  }
}

void JobEngine::OpenRound(TimePoint now, const CohortPlan& cohort, const RoundOpened* resumed, Actions& out) {
  RoundConfig config;
  config.key = {manifest_->id, RoundId{rounds_done_ + 1}, attempt_};
  config.kind = rounds_complete() ? RoundKind::kEvaluate : RoundKind::kTrain;
  config.cohort = cohort;
  config.manifest = manifest_;
  config.train = parts_.configure ? parts_.configure(config.key.round) : manifest_->spec.train;
  if (config.kind == RoundKind::kTrain) config.clip = clip_;
  config.evaluate = manifest_->spec.evaluate.federated;
  config.layout_hash = layout_.hash;
  const Duration deadline = manifest_->spec.round.deadline;
  config.deadline = deadline > Duration{0} ? deadline : pace_.Deadline(parts_.stall_timeout);
  config.stall_timeout = parts_.stall_timeout;
  if (groups_.has_value()) {
    SetGrouping(config);
  } else if (parts_.least_reports) {
    config.cohort.min_reports =
        std::max(config.cohort.min_reports, parts_.least_reports(config.key, cohort.invited));
  }
  auto masking = NewMasking(config, resumed);
  if (!masking.ok()) return GiveUpAttempt(now, masking.status(), out);
  round_ = std::make_unique<RoundEngine>(std::move(config), model_, population_, kRoundTimers,
                                         std::move(*masking));
  phase_ = Phase::kRound;
  if (resumed == nullptr) return round_->Open(now, out);
  const Status status = round_->Resume(now, std::exchange(resume_masking_, {}), out);
  if (!status.ok()) round_->Abandon(status.what(), out);
  AfterRound(now, out);
}

// Null where the round is not masked. Decides whom the roster of this attempt names.
Result<std::unique_ptr<GroupedMasking>> JobEngine::NewMasking(RoundConfig& config,
                                                              const RoundOpened* resumed) const {
  using Masking = std::unique_ptr<GroupedMasking>;
  if (!manifest_->spec.secagg.is_masked()) return Masking();
  // On the exact grid masked and plain sums are the same bytes: where masks are left out no ring is needed,
  // but to keep groups apart or to add noise.
  if (parts_.masking == nullptr && !NeedsRing(manifest_->spec)) return Masking();
  config.ring =
      std::make_shared<const MaskedLayout>(MaskedLayoutOf(*manifest_, layout_, config.kind, config.clip));
  if (parts_.masking == nullptr) return Masking();
  CAIRN_ASSIGN_OR_RETURN(const MaskingParts parts, resumed == nullptr
                                                       ? parts_.masking->Current()
                                                       : parts_.masking->From(resumed->roster));
  config.roster = parts.roster;
  std::vector<GroupedMasking::Group> groups;
  const auto add = [&](std::uint32_t place, std::uint32_t index,
                       const std::vector<ClientId>& invited) -> Status {
    CAIRN_ASSIGN_OR_RETURN(auto round, NewGroup(config, parts, index, invited));
    groups.push_back({place, invited, std::move(round)});
    return {};
  };
  if (!groups_.has_value()) {
    CAIRN_RETURN_IF_ERROR(add(0, 0, config.cohort.invited));
  } else {
    const auto by_group = ByGroup(config.cohort.invited);
    for (std::uint32_t place = 0; place < by_group.size(); ++place) {
      if (!by_group[place].empty()) CAIRN_RETURN_IF_ERROR(add(place, place + 1, by_group[place]));
    }
  }
  if (groups.size() < config.grouping.least)
    return Status(errors::kStorageCorrupt, "the recorded attempt has fewer groups than its job needs");
  return std::make_unique<GroupedMasking>(std::move(groups), config.grouping.least);
}

// `index` as in the terms: 0 for all sites in one.
Result<std::unique_ptr<MaskedRound>> JobEngine::NewGroup(const RoundConfig& config, const MaskingParts& parts,
                                                         std::uint32_t index,
                                                         const std::vector<ClientId>& invited) const {
  CAIRN_ASSIGN_OR_RETURN(secagg::Terms terms, MaskingTermsOf({*manifest_, layout_, *parts.membership,
                                                              parts.aggregator, index, config.clip},
                                                             config.key, config.kind, model_->ref));
  std::shared_ptr<const secagg::Membership> members = parts.membership;
  if (index > 0) members = std::make_shared<const secagg::Membership>(groups_->Restrict(*members, index));
  return MaskedRound::Create(
      {std::move(terms), std::move(members), parts_.masking->NewPrimitives(config.key), &seen_keys_}, invited,
      population_);
}

}  // namespace cairn
