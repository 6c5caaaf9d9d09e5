#include "privacy/crypto/secret_bytes.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "privacy/crypto/text_codec.h"

namespace cairn {
namespace {

constexpr std::size_t kLockedHeap = std::size_t{1} << 20, kSmallestBlock = 32;

// A heap that is full or was refused (the limit on locked memory) is no reason to stop: the secret
// then lives in ordinary memory and is still wiped.
void* Allocate(std::size_t size) {
  static const bool ready = CRYPTO_secure_malloc_init(kLockedHeap, kSmallestBlock) != 0;
  void* memory = ready ? OPENSSL_secure_zalloc(size) : nullptr;
  return memory != nullptr ? memory : OPENSSL_zalloc(size);
}

}  // namespace

SecretBytes::SecretBytes(std::size_t size) : size_(size) {
  if (size == 0) return;
  data_ = static_cast<std::byte*>(Allocate(size));
  CAIRN_CHECK(data_ != nullptr, "out of memory");
}

SecretBytes SecretBytes::CopyOf(std::span<const std::byte> bytes) {
  SecretBytes secret(bytes.size());
  std::copy(bytes.begin(), bytes.end(), secret.data_);
  return secret;
}
SecretBytes SecretBytes::CopyOf(std::string_view text) { return CopyOf(AsBytes(text)); }

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  SecretBytes taken(std::move(other));
  std::swap(data_, taken.data_);
  std::swap(size_, taken.size_);
  return *this;
}

SecretBytes::~SecretBytes() {
  if (data_ != nullptr) OPENSSL_secure_clear_free(data_, size_);
}

SecretBytes SecretBytes::Clone() const { return CopyOf(Reveal(RevealSecret{})); }

bool operator==(const SecretBytes& a, const SecretBytes& b) {
  return a.size_ == b.size_ && CRYPTO_memcmp(a.data_, b.data_, a.size_) == 0;
}

void Wipe(std::span<std::byte> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

}  // namespace cairn
