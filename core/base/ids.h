#pragma once

#include <compare>
#include <cstdint>
#include <functional>

// Numbers that name things, one type a thing, so that a round never passes for a client.

namespace cairn {

template <class Tag>
struct Id {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(Id, Id) = default;
};

using ClientId = Id<struct ClientTag>;    // a participant of a job, dense from 0 in the job's site order
using SessionId = Id<struct SessionTag>;  // one live link between a site and the aggregator
using JobId = Id<struct JobTag>;
using RoundId = Id<struct RoundTag>;  // from 1 within a job
using TimerId = Id<struct TimerTag>;
using CohortIndex = std::uint32_t;  // dense within a round: arrays, never hash maps

}  // namespace cairn

template <class Tag>
struct std::hash<cairn::Id<Tag>> {
  std::size_t operator()(cairn::Id<Tag> id) const noexcept { return std::hash<std::uint64_t>{}(id.value); }
};
