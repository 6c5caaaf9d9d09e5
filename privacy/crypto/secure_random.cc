#include "privacy/crypto/secure_random.h"

#include <sys/random.h>

#include <cerrno>
#include <utility>

#include "core/base/check.h"

namespace cairn {

RandomStream SecureRandom::Open(StreamLabel label) const {
  std::array<std::uint32_t, 2> key;
  FillBytes(std::as_writable_bytes(std::span(key)));
  return RandomStream(key, label);
}

void SecureRandom::FillBytes(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    CAIRN_CHECK(got > 0, "the operating system must give randomness");  // never go on with less
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

SecretBytes SecureRandom::Secret(std::size_t size) {
  SecretBytes secret(size);
  FillBytes(secret.Overwrite(RevealSecret{}));
  return secret;
}

SecureBits::~SecureBits() { Wipe(std::as_writable_bytes(std::span(buffer_))); }

SecureBits::result_type SecureBits::operator()() {
  if (used_ == buffer_.size()) {
    SecureRandom::FillBytes(std::as_writable_bytes(std::span(buffer_)));
    used_ = 0;
  }
  return std::exchange(buffer_[used_++], 0);
}

std::uint64_t SecureBits::Below(std::uint64_t bound) {
  CAIRN_CHECK(bound > 0, "Below needs a positive bound");
  const std::uint64_t limit = max() - max() % bound;
  std::uint64_t draw = (*this)();
  while (draw >= limit) draw = (*this)();
  return draw % bound;
}

}  // namespace cairn
