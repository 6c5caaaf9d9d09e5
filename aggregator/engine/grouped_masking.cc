#include "aggregator/engine/grouped_masking.h"

#include <algorithm>

#include "core/base/check.h"

namespace cairn {

GroupedMasking::GroupedMasking(std::vector<Group> groups, std::size_t least)
    : least_(least), left_(groups.size()) {
  CAIRN_CHECK(least >= 1 && least <= groups.size(), "an attempt begins with enough groups");
  for (Group& group : groups) {
    for (const ClientId client : group.clients) place_[client] = groups_.size();
    groups_.push_back({std::move(group), true});
  }
}

GroupedMasking::Phase GroupedMasking::phase() const {
  if (left_ < least_) return Phase::kFailed;
  return std::ranges::find_if(groups_, &Place::is_left)->group.round->phase();
}

bool GroupedMasking::all_can_close() const {
  return std::ranges::all_of(groups_, [](const Place& place) {
    return !place.is_left || place.group.round->is_hopeless() || place.group.round->can_close();
  });
}

bool GroupedMasking::is_any_refused() const {
  return std::ranges::any_of(groups_, [](const Place& place) { return place.group.round->is_any_refused(); });
}

bool GroupedMasking::is_hopeless() const {
  const auto hopeful = std::ranges::count_if(
      groups_, [](const Place& place) { return place.is_left && !place.group.round->is_hopeless(); });
  return static_cast<std::size_t>(hopeful) < least_;
}

bool GroupedMasking::enough_can_close() const {
  const auto able = std::ranges::count_if(
      groups_, [](const Place& place) { return place.is_left && place.group.round->can_close(); });
  return static_cast<std::size_t>(able) >= least_;
}

Status GroupedMasking::Close() {
  Status first;
  for (Place& place : groups_) {
    if (!place.is_left) continue;
    Status closed = place.group.round->Close();
    if (closed.ok()) continue;
    if (first.ok()) first = closed;
    SitOut(place, std::move(closed));
  }
  return CheckEnough(first);
}

Result<std::vector<GroupSum>> GroupedMasking::CloseUnmasking() {
  Status first;
  std::vector<GroupSum> sums;
  for (Place& place : groups_) {
    if (!place.is_left) continue;
    MaskedRound& round = *place.group.round;
    Result<secagg::UnmaskWork> work = round.CloseUnmasking();
    if (work.ok()) {
      sums.push_back({place.group.index, std::make_shared<const secagg::UnmaskWork>(std::move(*work)),
                      round.survivors().size()});
      continue;
    }
    if (first.ok()) first = work.status();
    SitOut(place, work.status());
  }
  CAIRN_RETURN_IF_ERROR(CheckEnough(first));
  return sums;
}

void GroupedMasking::SitOut(Place& place, Status why) {
  place.is_left = false;
  --left_;
  lost_.push_back({place.group.index, std::move(why)});
}

Status GroupedMasking::CheckEnough(const Status& first) const { return left_ >= least_ ? Status() : first; }

bool GroupedMasking::is_in(ClientId client) const {
  const Place& place = groups_[place_.at(client)];
  return place.is_left && place.group.round->is_in(client);
}

std::vector<std::pair<ClientId, secagg::MaskedInput>> GroupedMasking::inputs() const {
  std::vector<std::pair<ClientId, secagg::MaskedInput>> all;
  for (const Place& place : groups_) {
    if (place.is_left) std::ranges::copy(place.group.round->inputs(), std::back_inserter(all));
  }
  std::ranges::sort(all, {}, &std::pair<ClientId, secagg::MaskedInput>::first);
  return all;
}

std::vector<secagg::Advert> GroupedMasking::adverts() const {
  std::vector<secagg::Advert> all;
  for (const Place& place : groups_) std::ranges::copy(place.group.round->adverts(), std::back_inserter(all));
  return all;
}

std::vector<std::string> GroupedMasking::TakeBlames() {
  std::vector<std::string> words;
  for (const Place& place : groups_)
    std::ranges::move(place.group.round->TakeBlames(), std::back_inserter(words));
  return words;
}

}  // namespace cairn
