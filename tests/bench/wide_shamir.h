#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "privacy/crypto/secret_bytes.h"

namespace cairn {

// Secret sharing of 32 bytes over GF(2^16) mod x^16 + x^5 + x^3 + x + 1: 255 shares do not suffice for the
// complete graphs of 500 and 1,000 sites that published figures are for. Benchmarks only; the product has no
// such type. Two secrets are shared at once, as a site does: a block is 32 bytes of the one, then 32 of the
// other.
inline constexpr std::size_t kWideBlock = 64;

// Block i of the result is for x = i + 1. `coefficients`: threshold − 1 blocks.
SecretBytes WideSplit(std::span<const std::byte, kWideBlock> secrets, std::size_t threshold,
                      std::size_t holders, std::span<const std::byte> coefficients);

// Lagrange weights at 0 for x = 1 … threshold.
std::vector<std::uint16_t> WideWeights(std::size_t threshold);
// Σ weight · block.
SecretBytes WideCombine(std::span<const std::uint16_t> weights, std::span<const std::byte> blocks);

}  // namespace cairn
