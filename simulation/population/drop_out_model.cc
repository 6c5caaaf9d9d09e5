#include "simulation/population/drop_out_model.h"

namespace cairn {

std::optional<DropOutModel::Place> DropOutModel::Of(const RandomSource& random, RoundId round,
                                                    std::uint32_t attempt, ClientId client) const {
  if (!active()) return std::nullopt;
  // Round 0 of the purpose is the device's speed; rounds begin at 1.
  RandomStream stream = random.Open({Purpose::kDevice, round.value, client.value, attempt});
  if (stream.Uniform() >= probability) return std::nullopt;
  return static_cast<Place>(stream.Below(4));
}

}  // namespace cairn
