// The loop of simulated_gaussian_kernels.h, included by a source file for each instruction set. Everything in
// it is local to that file, so that no instruction of one set is linked into another.

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace cairn {
namespace {

// −2 ln(k/2^32) for k from 1; to 2e-7 of it. x = 2^e·m with m in [√½, √2), ln m by its odd series in
// (m−1)/(m+1).
inline float MinusTwoLog(std::uint32_t k) {
  const float x = static_cast<float>(static_cast<std::int32_t>(k >> 1)) + 0.5f;  // of 2^31; never 0
  const auto shifted = std::bit_cast<std::int32_t>(x) - 0x3f3504f3;              // √½
  const std::int32_t exponent = shifted >> 23;
  const float m = std::bit_cast<float>((shifted & 0x007fffff) + 0x3f3504f3);
  const float s = (m - 1.0f) / (m + 1.0f), z = s * s;
  const float series = std::fma(z, std::fma(z, std::fma(z, 0.28571429f, 0.4f), 0.66666667f), 2.0f);
  const float log_x = std::fma(static_cast<float>(exponent - 31), 0.69314718f, s * series);
  return -2.0f * log_x > 0.0f ? -2.0f * log_x : 0.0f;
}

struct Direction2 {
  float cos, sin;
};

// Of the angle 2π·k/2^32: a quarter turn by its two highest bits, the rest by Taylor's series within ±π/4.
inline Direction2 UnitVector(std::uint32_t k) {
  const auto rest = static_cast<std::int32_t>(k << 2) >> 8;                           // 24 bits, signed
  const float a = static_cast<float>(rest) * (1.57079633f / 16777216.0f), z = a * a;  // |a| ≤ π/4
  const float sin =
      a * std::fma(z, std::fma(z, std::fma(z, -1.98412698e-4f, 8.33333333e-3f), -0.166666667f), 1.0f);
  const float cos = std::fma(
      z, std::fma(z, std::fma(z, std::fma(z, 2.48015873e-5f, -1.38888889e-3f), 0.0416666667f), -0.5f), 1.0f);
  const bool is_swapped = (k >> 30 & 1) != 0, is_negative = k >> 31 != 0;
  const float x = is_swapped ? -sin : cos, y = is_swapped ? cos : sin;
  return {is_negative ? -x : x, is_negative ? -y : y};
}

void FillPairs(const std::uint32_t* words, std::size_t pairs, float* out) {
  for (std::size_t i = 0; i < pairs; ++i) {
    const float radius = std::sqrt(MinusTwoLog(words[i]));
    const Direction2 direction = UnitVector(words[pairs + i]);
    out[i] = radius * direction.cos;
    out[pairs + i] = radius * direction.sin;
  }
}

}  // namespace
}  // namespace cairn
