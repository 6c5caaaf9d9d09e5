#pragma once

#include <cstdint>

#include "core/base/ids.h"
#include "privacy/dp/noise_bits.h"

namespace cairn {

// Where the secret coins and the noise of one private round come from.
class NoiseSource {
 public:
  virtual ~NoiseSource() = default;
  virtual NoiseBits Open(RoundId round, ClientId client) const = 0;
  virtual bool is_secure() const = 0;  // as NoiseBits of it are
};

// Keyed by the operating system each time: the only one that protects anybody. Thread-safe.
class SystemNoise final : public NoiseSource {
 public:
  NoiseBits Open(RoundId, ClientId) const override { return NoiseBits::FromSystem(); }
  bool is_secure() const override { return true; }
};

// A pure function of (seed, round, client), so that a simulated run repeats whatever the lanes. What it is
// used for is marked as simulated (NoiseBits::is_secure). Simulator and tests only. Thread-safe.
class SimulatedNoise final : public NoiseSource {
 public:
  explicit SimulatedNoise(std::uint64_t seed) : seed_(seed) {}
  NoiseBits Open(RoundId round, ClientId client) const override {
    return NoiseBits::Simulated(seed_, round.value, client.value);
  }
  bool is_secure() const override { return false; }

 private:
  std::uint64_t seed_;
};

}  // namespace cairn
