#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cairn {

// A SHA-256 value (FIPS 180-4). Comparison is not constant-time: digests are public.
struct Sha256Digest {
  std::array<std::byte, 32> bytes{};

  std::string hex() const;  // 64 digits
  // The way people compare fingerprints: "7f3a 91d0 … c2e4", the first eight and last four digits.
  std::string short_hex() const;
  static std::optional<Sha256Digest> Parse(std::string_view hex);
  friend auto operator<=>(const Sha256Digest&, const Sha256Digest&) = default;
};

// Hashes a stream. Finish ends it; a new object starts the next. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  Sha256& Update(std::span<const std::byte> bytes);
  Sha256Digest Finish() &&;

  static Sha256Digest Of(std::span<const std::byte> bytes);
  static Sha256Digest Of(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn
