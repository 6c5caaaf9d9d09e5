#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "privacy/crypto/ctr_stream.h"

namespace cairn {

// Random words for noise: the keystream of AES-256-CTR under a key of the operating system's, a new key each
// 64 GiB. What was handed out is wiped. Not thread-safe.
class NoiseBits {
 public:
  // The one that privacy may depend on.
  static NoiseBits FromSystem();
  // Repeatable, for tests and simulations: noise from it protects nobody, and is_secure() says so.
  static NoiseBits Simulated(std::uint64_t seed, std::uint64_t round = 0, std::uint64_t client = 0);

  NoiseBits(NoiseBits&&) noexcept = default;
  NoiseBits& operator=(NoiseBits&&) noexcept = default;
  ~NoiseBits();

  bool is_secure() const { return is_secure_; }
  std::uint64_t operator()() {
    if (used_ == kWords) Refill();
    return std::exchange((*buffer_)[used_++], 0);
  }
  // As many words at once, straight from the cipher; their wiping is the caller's. An even number of them.
  void Take(std::span<std::uint64_t> out);
  // Uniform below bound, without bias; bound > 0.
  std::uint64_t Below(std::uint64_t bound);
  unsigned __int128 Below(unsigned __int128 bound);

 private:
  static constexpr std::size_t kWords = 1024;
  NoiseBits(std::span<const std::byte, 32> key, bool is_secure);
  void Refill();
  void Draw(std::span<std::byte> out);

  CtrStream stream_;
  std::uint64_t offset_ = 0;
  std::size_t used_ = kWords;
  std::unique_ptr<std::array<std::uint64_t, kWords>> buffer_;
  bool is_secure_;
};

}  // namespace cairn
