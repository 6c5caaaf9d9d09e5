#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/secret_bytes.h"

namespace cairn::secagg {

// Secret sharing of 32 bytes over GF(2^8) mod x^8 + x^4 + x^3 + x + 1, byte by byte (Shamir, "How to Share
// a Secret", CACM 1979). Shares are for x = 1 … 255. Multiplication has no table that a secret indexes.
inline constexpr std::size_t kMaxHolders = 255;

// `coefficients` are (threshold − 1) · 32 fresh random bytes, c1 first; holders ≤ 255, 1 ≤ threshold ≤ holders.
// Share i belongs to x = i + 1.
std::vector<SecretBytes> SplitSecret(std::span<const std::byte, 32> secret, std::size_t threshold,
                                     std::size_t holders, std::span<const std::byte> coefficients);

struct ShareAt {
  std::uint8_t x = 0;
  std::span<const std::byte, 32> bytes;
};

// Lagrange weights at 0 for one set of x; used again for every secret the same holders answer for.
class Interpolation {
 public:
  // kSecAggShare for x = 0 or a repeated x.
  static Result<Interpolation> At(std::vector<std::uint8_t> xs);
  // Shares in the order of the xs.
  SecretBytes Combine(std::span<const std::span<const std::byte, 32>> shares) const;
  std::size_t size() const { return weights_.size(); }

 private:
  explicit Interpolation(std::vector<std::uint8_t> weights) : weights_(std::move(weights)) {}
  std::vector<std::uint8_t> weights_;
};

std::uint8_t GfMultiply(std::uint8_t a, std::uint8_t b);
std::uint8_t GfInverse(std::uint8_t a);  // of 0: 0

}  // namespace cairn::secagg
