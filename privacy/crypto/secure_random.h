#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "core/base/random.h"
#include "privacy/crypto/secret_bytes.h"

namespace cairn {

// Randomness of the operating system (getrandom). FillBytes and Secret are for keys, masks, noise
// and tokens. Open gives a stream for sampling that nobody can repeat: its key comes from the
// operating system, but it is Philox with a 64-bit key, so keys, masks and privacy noise never come
// from Open; noise takes SecureBits. Thread-safe.
class SecureRandom final : public RandomSource {
 public:
  RandomStream Open(StreamLabel label) const override;
  static void FillBytes(std::span<std::byte> out);
  static SecretBytes Secret(std::size_t size);
};

// A cryptographic generator for samplers (discrete Gaussian, shuffles that privacy relies on):
// satisfies std::uniform_random_bit_generator. Reads the operating system a page at a time and wipes
// what it handed out. Not thread-safe.
class SecureBits {
 public:
  using result_type = std::uint64_t;
  SecureBits() = default;
  SecureBits(const SecureBits&) = delete;
  SecureBits& operator=(const SecureBits&) = delete;
  ~SecureBits();

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()();
  // Uniform in [0, bound), without bias; bound > 0.
  std::uint64_t Below(std::uint64_t bound);

 private:
  std::array<std::uint64_t, 512> buffer_{};
  std::size_t used_ = 512;
};

}  // namespace cairn
