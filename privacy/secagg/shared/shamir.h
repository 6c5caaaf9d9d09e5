#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/secret_bytes.h"

namespace cairn::secagg {

// Secret sharing of 32 bytes over GF(2^8) mod x^8 + x^4 + x^3 + x + 1, byte by byte (Shamir, "How to Share
// a Secret", CACM 1979): share x is s + c1·x + … + c(t−1)·x^(t−1). Shares are for x = 1 … 255. Any t of them
// give the secret, any t − 1 are independent of it.
//
// No secret steers a branch or an address: there is no table, products are shifts and xors, and only the x,
// which are public, decide which (tests/unit/privacy/secagg/secret_flow.cc holds it to that). Pure functions.
inline constexpr std::size_t kMaxHolders = 255;

// `coefficients` are (threshold − 1) · 32 fresh random bytes, c1 first; holders ≤ 255, 1 ≤ threshold ≤
// holders. Share i belongs to x = i + 1.
std::vector<SecretBytes> SplitSecret(std::span<const std::byte, 32> secret, std::size_t threshold,
                                     std::size_t holders, std::span<const std::byte> coefficients);

// Lagrange weights at 0 for one set of x; used again for every secret the same holders answer for.
class Interpolation {
 public:
  // kSecAggShare for x = 0, a repeated x, or none.
  static Result<Interpolation> At(const std::vector<std::uint8_t>& xs);
  // Shares in the order of the xs. Fewer than t, or a wrong one, give some other 32 bytes: the result is to
  // be held against the public key or the commitment of the secret.
  SecretBytes Combine(std::span<const std::span<const std::byte, 32>> shares) const;
  std::size_t size() const { return weights_.size(); }

 private:
  explicit Interpolation(std::vector<std::uint8_t> weights) : weights_(std::move(weights)) {}
  std::vector<std::uint8_t> weights_;
};

std::uint8_t GfMultiply(std::uint8_t a, std::uint8_t b);
std::uint8_t GfInverse(std::uint8_t a);  // of 0: 0

}  // namespace cairn::secagg
