#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/sha256.h"
#include "privacy/crypto/text_codec.h"

namespace cairn::secagg {

// Where a site stands among U1, the sites whose keys an attempt is made of: 0 … n − 1 in roster order.
using Position = std::uint32_t;
inline constexpr std::size_t kMaxMembers = 100'000;  // of one attempt

// A subset of U1 as a bitmap: bit p mod 8 of byte p / 8. Unused bits of the last byte are zero. A value.
class SiteSet {
 public:
  SiteSet() = default;
  explicit SiteSet(std::size_t universe);  // empty
  static SiteSet All(std::size_t universe);
  // Refuses another length and set spare bits (kSecAggMessage).
  static Result<SiteSet> FromBitmap(std::size_t universe, std::span<const std::byte> bitmap);

  void Add(Position p);
  void Remove(Position p);
  bool Has(Position p) const;
  std::size_t size() const { return size_; }
  std::size_t universe() const { return universe_; }
  bool IsSubsetOf(const SiteSet& other) const;
  std::size_t DistanceTo(const SiteSet& other) const;  // members of the symmetric difference
  std::vector<Position> Members() const;               // ascending
  const Bytes& bitmap() const { return bits_; }
  Sha256Digest Hash() const;  // H(set) = SHA-256(T(set; n, bitmap))
  friend bool operator==(const SiteSet&, const SiteSet&) = default;

 private:
  Bytes bits_;
  std::size_t universe_ = 0, size_ = 0;
};

}  // namespace cairn::secagg
