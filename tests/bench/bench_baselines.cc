#include "tests/bench/bench_baselines.h"

#include <cstring>

namespace cairn {

void NaiveFold(std::span<const float> delta, float weight, std::span<float> sum) {
  for (std::size_t i = 0; i < delta.size(); ++i) sum[i] += weight * delta[i];
}

std::uint64_t ReadAll(std::span<const float> values) {
  std::uint64_t sum = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
  for (std::size_t at = 0; at + sizeof sum <= values.size_bytes(); at += sizeof sum) {
    std::uint64_t word;
    std::memcpy(&word, bytes + at, sizeof word);
    sum += word;
  }
  return sum;
}

}  // namespace cairn
