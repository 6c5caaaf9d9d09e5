#pragma once

#include <cstdint>
#include <string>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/random.h"
#include "core/base/result.h"

namespace cairn {

// How long a simulated device takes: seconds per local example, times a factor that belongs to the
// device. kNone makes every piece of work take no virtual time.
struct DeviceModel {
  enum class Law : std::uint8_t { kNone, kConstant, kLogNormal };
  Law law = Law::kNone;
  double seconds_per_example = 0.001;
  double sigma = 0.5;  // of ln(factor), log-normal only

  bool active() const { return law != Law::kNone; }
  // A pure function of (seed, client, examples).
  Duration WorkTime(const RandomSource& random, ClientId client, std::int64_t examples) const;
};

// "none", "constant", "lognormal".
Result<DeviceModel::Law> ParseDeviceLaw(const std::string& text);

}  // namespace cairn
