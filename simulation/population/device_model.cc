#include "simulation/population/device_model.h"

#include <cmath>

namespace cairn {

Duration DeviceModel::WorkTime(const RandomSource& random, ClientId client, std::int64_t examples) const {
  if (law == Law::kNone) return Duration{0};
  double factor = 1.0;
  if (law == Law::kLogNormal)
    factor = std::exp(sigma * random.Open({Purpose::kDevice, 0, client.value}).Normal());
  return Duration{static_cast<std::int64_t>(
      std::llround(1e9 * seconds_per_example * factor * static_cast<double>(examples)))};
}

Result<DeviceModel::Law> ParseDeviceLaw(const std::string& text) {
  if (text == "none") return DeviceModel::Law::kNone;
  if (text == "constant") return DeviceModel::Law::kConstant;
  if (text == "lognormal") return DeviceModel::Law::kLogNormal;
  return Status(errors::kConfigValue,
                "population.speed.law '" + text + "' is not one of none, constant, lognormal");
}

}  // namespace cairn
