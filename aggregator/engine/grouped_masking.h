#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/engine/grouping.h"
#include "aggregator/engine/masked_round.h"

namespace cairn {

// The maskings of one attempt at a round, one a group, which pass the phases in lock step. A job that is not
// grouped has one. Each group has terms, cohort, graph and keys of its own; none knows of the others.
//
// A group that cannot close a phase which is closed, or whose sum cannot be opened, sits the attempt out: its
// sum is never opened. Fewer than `least` groups left end the attempt. Mechanism alone: when to close a phase
// is the round's decision. A function of the messages taken and the phases closed, so that a restarted
// aggregator replays them. Not thread-safe.
class GroupedMasking {
 public:
  struct Group {
    std::uint32_t index = 0;  // from 0
    std::vector<ClientId> clients;
    std::unique_ptr<MaskedRound> round;
  };
  // Every client is in one group; 1 ≤ least ≤ groups.
  GroupedMasking(std::vector<Group> groups, std::size_t least);

  // A refused message changes nothing.
  Status Take(ClientId client, const secagg::ToServer& message) { return Of(client).Take(client, message); }
  Status TakeInput(ClientId client, const secagg::MaskedInput& input) {
    return Of(client).TakeInput(client, input);
  }

  using Phase = MaskedRound::Phase;
  Phase phase() const;  // of every group that is left; kFailed when there are too few
  // A survivor that will not help to open its sum.
  void NoteRefusal(ClientId client) { Of(client).NoteRefusal(client); }
  bool has_refused(ClientId client) const { return Of(client).has_refused(client); }
  bool is_any_refused() const;
  bool is_hopeless() const;       // too few sums can still be opened, so many survivors refused
  bool all_can_close() const;     // but for those that never will
  bool enough_can_close() const;  // `least` of them
  Status Close();  // the present phase; not kUnmasking. Why the first group fell, when too few are left
  Result<std::vector<GroupSum>> CloseUnmasking();

  const Sha256Digest& context(ClientId client) const { return Of(client).context(); }
  bool has_answered(ClientId client) const { return Of(client).has_answered(client); }
  bool is_in(ClientId client) const;
  std::vector<std::pair<ClientId, secagg::MaskedInput>> inputs() const;  // ascending by client
  std::vector<secagg::ToClient> MessagesFor(ClientId client) const { return Of(client).MessagesFor(client); }
  std::vector<secagg::Advert> adverts() const;

  // Since the last call: blames in words, and the groups that sit out.
  std::vector<std::string> TakeBlames();
  std::vector<DiscardedSum> TakeLostGroups() { return std::exchange(lost_, {}); }
  bool is_grouped() const { return groups_.size() > 1; }

 private:
  struct Place {
    Group group;
    bool is_left = true;  // in the attempt
  };
  MaskedRound& Of(ClientId client) const { return *groups_[place_.at(client)].group.round; }
  void SitOut(Place& place, Status why);
  Status CheckEnough(const Status& first) const;

  std::vector<Place> groups_;
  std::map<ClientId, std::size_t> place_;
  std::size_t least_;
  std::size_t left_;
  std::vector<DiscardedSum> lost_;
};

}  // namespace cairn
