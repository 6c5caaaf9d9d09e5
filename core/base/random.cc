#include "core/base/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/check.h"
#include "core/base/philox_lanes.h"

namespace cairn {
namespace {

constexpr std::uint32_t kMultiplier0 = 0xD2511F53u, kMultiplier1 = 0xCD9E8D57u;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9u, kWeyl1 = 0xBB67AE85u;
constexpr int kRounds = 10;

// Null where the CPU has no wide registers.
const PhiloxLanes* WidestPhilox() {
#if defined(__x86_64__)
  for (const PhiloxLanes* lanes : {&kAvx512Philox, &kAvx2Philox}) {
    if (lanes->supported()) return lanes;
  }
#endif
  return nullptr;
}

}  // namespace

std::array<std::uint32_t, 4> Philox4x32(std::array<std::uint32_t, 4> x, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t p0 = std::uint64_t{kMultiplier0} * x[0];
    const std::uint64_t p1 = std::uint64_t{kMultiplier1} * x[2];
    x = {static_cast<std::uint32_t>(p1 >> 32) ^ x[1] ^ key[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ x[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return x;
}

// The counter holds (block, step·2^16 | block's high half … , round, client): 2^48 blocks a stream.
RandomStream::RandomStream(std::array<std::uint32_t, 2> key, StreamLabel label)
    : key_(key),
      counter_{0, label.step << 16, static_cast<std::uint32_t>(label.round),
               static_cast<std::uint32_t>(label.client)} {
  CAIRN_CHECK(label.round >> 32 == 0 && label.client >> 32 == 0 && label.step >> 16 == 0,
              "stream label out of range");
}

void RandomStream::Refill() {
  block_ = Philox4x32(counter_, key_);
  if (++counter_[0] == 0) ++counter_[1];
  used_ = 0;
}

std::uint32_t RandomStream::NextU32() {
  if (used_ == 4) Refill();
  return block_[used_++];
}

std::uint64_t RandomStream::NextU64() {
  const std::uint64_t low = NextU32();
  return low | std::uint64_t{NextU32()} << 32;
}

std::uint64_t RandomStream::Below(std::uint64_t bound) {
  CAIRN_CHECK(bound > 0, "Below needs a positive bound");
  const std::uint64_t limit =
      std::numeric_limits<std::uint64_t>::max() - std::numeric_limits<std::uint64_t>::max() % bound;
  std::uint64_t draw = NextU64();
  while (draw >= limit) draw = NextU64();
  return draw % bound;
}

double RandomStream::Uniform() { return static_cast<double>(NextU64() >> 11) * 0x1p-53; }
float RandomStream::UniformFloat() { return static_cast<float>(NextU32() >> 8) * 0x1p-24f; }

double RandomStream::Normal() {
  const double u = 1.0 - Uniform();  // (0, 1]
  const double v = Uniform();
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * M_PI * v);
}

double RandomStream::Gamma(double shape) {
  if (shape < 1.0) {
    const double u = 1.0 - Uniform();
    return Gamma(shape + 1.0) * std::pow(u, 1.0 / shape);
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = Normal();
    const double t = 1.0 + c * x;
    if (t <= 0.0) continue;
    const double v = t * t * t;
    const double u = 1.0 - Uniform();
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

std::vector<std::uint32_t> RandomStream::Permutation(std::uint32_t n) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> keyed(n);
  for (std::uint32_t i = 0; i < n; ++i) keyed[i] = {NextU64(), i};
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::uint32_t> order(n);
  std::transform(keyed.begin(), keyed.end(), order.begin(), [](const auto& entry) { return entry.second; });
  return order;
}

void RandomStream::FillU32(std::span<std::uint32_t> out) {
  static const PhiloxLanes* const lanes = WidestPhilox();
  constexpr std::size_t kStep = 4 * kPhiloxLanes;
  std::size_t at = 0;
  while (at < out.size()) {
    const std::uint64_t before_carry = (std::uint64_t{1} << 32) - counter_[0];
    const std::uint64_t steps =
        std::min<std::uint64_t>((out.size() - at) / kStep, before_carry / kPhiloxLanes);
    if (lanes == nullptr || used_ != 4 || steps == 0) {
      out[at++] = NextU32();
      continue;
    }
    const std::size_t blocks = static_cast<std::size_t>(steps) * kPhiloxLanes;
    lanes->fill(counter_.data(), key_.data(), blocks, out.data() + at);
    counter_[0] += static_cast<std::uint32_t>(blocks);
    if (counter_[0] == 0) ++counter_[1];
    at += 4 * blocks;
  }
}

RandomStream SeededRandom::Open(StreamLabel label) const {
  // The purpose enters the key, so streams of different purposes never share a counter space.
  const auto mixed = Philox4x32({static_cast<std::uint32_t>(label.purpose), 0, 0, 0},
                                {static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32)});
  return RandomStream({mixed[0], mixed[1]}, label);
}

}  // namespace cairn
