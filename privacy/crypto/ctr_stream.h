#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "privacy/crypto/secret_bytes.h"

namespace cairn {

// The keystream of AES-256-CTR (NIST SP 800-38A) through OpenSSL: 96 zero bits, then a 32-bit big-endian
// block counter from 0. Any 16-byte aligned part can be made alone. Not thread-safe.
class CtrStream {
 public:
  explicit CtrStream(std::span<const std::byte, 32> key);
  CtrStream(CtrStream&&) noexcept;
  CtrStream& operator=(CtrStream&&) noexcept;
  ~CtrStream();

  // Keystream bytes offset … offset + out.size() − 1; offset is a multiple of 16, the end at most 2^36.
  void Fill(std::uint64_t offset, std::span<std::byte> out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
