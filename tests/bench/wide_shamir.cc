#include "tests/bench/wide_shamir.h"

#include <bit>
#include <cstring>

namespace cairn {
namespace {

using Lane = std::uint16_t __attribute__((vector_size(64)));
using SignedLane = std::int16_t __attribute__((vector_size(64)));

Lane TimesTwo(Lane a) {
  const auto is_high = reinterpret_cast<Lane>(reinterpret_cast<SignedLane>(a) < 0);
  return (a + a) ^ (is_high & 0x2b);
}

Lane Times(Lane a, std::uint16_t x) {  // x is public
  Lane product{};
  for (int bit = std::bit_width(x) - 1; bit >= 0; --bit) {
    product = TimesTwo(product);
    if ((x >> bit & 1) != 0) product ^= a;
  }
  return product;
}

Lane Load(const std::byte* from) {
  Lane lane;
  std::memcpy(&lane, from, sizeof lane);
  return lane;
}
void Store(Lane lane, std::byte* to) { std::memcpy(to, &lane, sizeof lane); }

std::uint16_t Multiply(std::uint16_t a, std::uint16_t b) {
  std::uint32_t product = 0;
  for (int bit = 15; bit >= 0; --bit) {
    product = product << 1 ^ ((product >> 15 & 1) != 0 ? 0x1002bu : 0);
    if ((b >> bit & 1) != 0) product ^= a;
  }
  return static_cast<std::uint16_t>(product);
}

std::uint16_t Inverse(std::uint16_t a) {  // a^(2^16 − 2)
  std::uint16_t result = 1, power = a;
  for (int i = 0; i < 15; ++i) {
    power = Multiply(power, power);
    result = Multiply(result, power);
  }
  return result;
}

}  // namespace

SecretBytes WideSplit(std::span<const std::byte, kWideBlock> secrets, std::size_t threshold,
                      std::size_t holders, std::span<const std::byte> coefficients) {
  SecretBytes shares(holders * kWideBlock);
  std::byte* out = shares.Overwrite(RevealSecret{}).data();
  for (std::size_t x = 1; x <= holders; ++x, out += kWideBlock) {
    Lane sum{};
    for (std::size_t power = threshold - 1; power > 0; --power) {
      sum = Times(sum ^ Load(coefficients.data() + (power - 1) * kWideBlock), static_cast<std::uint16_t>(x));
    }
    Store(sum ^ Load(secrets.data()), out);
  }
  return shares;
}

std::vector<std::uint16_t> WideWeights(std::size_t threshold) {
  std::uint16_t all = 1;
  for (std::size_t x = 1; x <= threshold; ++x) all = Multiply(all, static_cast<std::uint16_t>(x));
  std::vector<std::uint16_t> weights;
  for (std::size_t i = 1; i <= threshold; ++i) {
    auto below = static_cast<std::uint16_t>(i);
    for (std::size_t j = 1; j <= threshold; ++j) {
      if (j != i) below = Multiply(below, static_cast<std::uint16_t>(i ^ j));
    }
    weights.push_back(Multiply(all, Inverse(below)));
  }
  return weights;
}

SecretBytes WideCombine(std::span<const std::uint16_t> weights, std::span<const std::byte> blocks) {
  Lane sum{};
  for (std::size_t i = 0; i < weights.size(); ++i)
    sum ^= Times(Load(blocks.data() + i * kWideBlock), weights[i]);
  SecretBytes secrets(kWideBlock);
  Store(sum, secrets.Overwrite(RevealSecret{}).data());
  return secrets;
}

}  // namespace cairn
