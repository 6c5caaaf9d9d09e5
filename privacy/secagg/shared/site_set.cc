#include "privacy/secagg/shared/site_set.h"

#include <bit>
#include <string>

#include "core/base/check.h"
#include "privacy/secagg/shared/transcript.h"

namespace cairn::secagg {
namespace {

std::size_t BytesFor(std::size_t universe) { return universe / 8 + (universe % 8 != 0 ? 1 : 0); }
std::byte BitOf(std::size_t p) { return std::byte{1} << (p % 8); }
std::size_t Ones(std::byte byte) {
  return static_cast<std::size_t>(std::popcount(std::to_integer<std::uint8_t>(byte)));
}

}  // namespace

SiteSet::SiteSet(std::size_t universe) : bits_(BytesFor(universe)), universe_(universe) {}

SiteSet SiteSet::All(std::size_t universe) {
  SiteSet all(universe);
  for (std::byte& byte : all.bits_) byte = std::byte{0xff};
  if (universe % 8 != 0) all.bits_.back() = static_cast<std::byte>((1u << universe % 8) - 1);
  all.size_ = universe;
  return all;
}

Result<SiteSet> SiteSet::FromBitmap(std::size_t universe, std::span<const std::byte> bitmap) {
  if (bitmap.size() != BytesFor(universe)) {
    return Status(errors::kSecAggMessage, "a set of sites has " + std::to_string(bitmap.size()) +
                                              " bytes, expected " + std::to_string(BytesFor(universe)));
  }
  if (universe % 8 != 0 && (bitmap.back() >> (universe % 8)) != std::byte{0}) {
    return Status(errors::kSecAggMessage,
                  "a set of sites names a site beyond the " + std::to_string(universe) + " there are");
  }
  SiteSet set(universe);
  set.bits_.assign(bitmap.begin(), bitmap.end());
  for (const std::byte byte : bitmap) set.size_ += Ones(byte);
  return set;
}

void SiteSet::Add(Position p) {
  CAIRN_CHECK(p < universe_, "a site of the set is one of U1");
  if (Has(p)) return;
  bits_[p / 8] |= BitOf(p);
  ++size_;
}

void SiteSet::Remove(Position p) {
  if (!Has(p)) return;
  bits_[p / 8] &= ~BitOf(p);
  --size_;
}

bool SiteSet::Has(Position p) const { return p < universe_ && (bits_[p / 8] & BitOf(p)) != std::byte{0}; }

bool SiteSet::IsSubsetOf(const SiteSet& other) const {
  if (universe_ != other.universe_) return false;
  for (std::size_t i = 0; i < bits_.size(); ++i) {
    if ((bits_[i] & ~other.bits_[i]) != std::byte{0}) return false;
  }
  return true;
}

std::size_t SiteSet::DistanceTo(const SiteSet& other) const {
  CAIRN_CHECK(universe_ == other.universe_, "sets of one attempt are compared");
  std::size_t distance = 0;
  for (std::size_t i = 0; i < bits_.size(); ++i) distance += Ones(bits_[i] ^ other.bits_[i]);
  return distance;
}

std::vector<Position> SiteSet::Members() const {
  std::vector<Position> members;
  members.reserve(size_);
  for (Position p = 0; p < universe_; ++p) {
    if (Has(p)) members.push_back(p);
  }
  return members;
}

Sha256Digest SiteSet::Hash() const {
  return Transcript("set").U32(static_cast<std::uint32_t>(universe_)).Field(bits_).Digest();
}

}  // namespace cairn::secagg
