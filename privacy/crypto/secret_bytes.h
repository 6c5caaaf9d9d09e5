#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace cairn {

// The word that grep finds wherever a secret is read: secret.Reveal(RevealSecret{}).
struct RevealSecret {
  explicit RevealSecret() = default;
};

// Bytes nobody else may see: kept in OpenSSL's locked heap where it has room, left out of core
// dumps there, wiped when they end. Not copyable (Clone says so), not printable, compared in
// constant time. A moved-from secret is empty. Not thread-safe.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);  // zeros
  // Copies; wiping the source is the caller's task.
  static SecretBytes CopyOf(std::span<const std::byte> bytes);
  static SecretBytes CopyOf(std::string_view text);

  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  SecretBytes Clone() const;
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  std::span<const std::byte> Reveal(RevealSecret) const { return {data_, size_}; }
  std::string_view RevealText(RevealSecret) const { return {reinterpret_cast<const char*>(data_), size_}; }
  std::span<std::byte> Overwrite(RevealSecret) { return {data_, size_}; }

  // Time depends on the lengths only.
  friend bool operator==(const SecretBytes& a, const SecretBytes& b);

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Overwrites memory in a way the compiler keeps.
void Wipe(std::span<std::byte> bytes);

}  // namespace cairn
