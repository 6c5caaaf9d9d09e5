#include "privacy/secagg/shared/advert_rules.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "privacy/crypto/text_codec.h"
#include "privacy/secagg/shared/derive.h"

namespace cairn::secagg {
namespace {

// u = 0, 1, two of order 8, p − 1, and p and p + 1, which X25519 reduces to the first two.
constexpr std::array<std::string_view, 7> kLowOrder = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

}  // namespace

bool IsLowOrder(const AgreementPublic& key) {
  static const std::set<AgreementPublic> points = [] {
    std::set<AgreementPublic> result;
    for (const std::string_view hex : kLowOrder) {
      const Bytes bytes = *FromHex(hex);
      AgreementPublic point;
      std::copy(bytes.begin(), bytes.end(), point.bytes.begin());
      result.insert(point);
    }
    return result;
  }();
  AgreementPublic read = key;
  read.bytes.back() &= std::byte{0x7f};  // X25519 ignores the top bit
  return points.contains(read);
}

void SeenKeys::Add(const Advert& advert) {
  keys_.insert(advert.share_key);
  keys_.insert(advert.mask_key);
}

bool SeenKeys::HasAnyOf(const Advert& advert) const {
  return keys_.contains(advert.share_key) || keys_.contains(advert.mask_key);
}

Status CheckAdvert(const Attempt& attempt, std::uint32_t member, const Advert& advert, const SeenKeys* seen) {
  const Membership::Member* found = attempt.membership->Find(member);
  if (found == nullptr) {
    return Status(errors::kSecAggMember, "the advert is of " + attempt.NameOf(member) + ", the roster has " +
                                             std::to_string(attempt.membership->members.size()) + " members");
  }
  if (!found->active) return Status(errors::kSecAggMember, attempt.NameOf(member) + " is not active");
  if (IsLowOrder(advert.share_key) || IsLowOrder(advert.mask_key)) {
    return Status(errors::kSecAggKey, "a key of " + attempt.NameOf(member) + " is of low order");
  }
  if (advert.share_key == advert.mask_key) {
    return Status(errors::kSecAggKey, attempt.NameOf(member) + " gave one key for two purposes");
  }
  if (seen != nullptr && seen->HasAnyOf(advert)) {
    return Status(errors::kSecAggKey, "a key of " + attempt.NameOf(member) + " is of an earlier attempt");
  }
  if (!attempt.primitives->Verifies(found->key, AdvertBytes(attempt.context, member, advert),
                                    advert.signature)) {
    return Status(errors::kSecAggMember, "the advert of " + attempt.NameOf(member) +
                                             " is not signed for this round by its roster key");
  }
  return Status::Ok();
}

Status DistinctKeys::Check(std::uint32_t member, const Advert& advert) const {
  if (!keys_.contains(advert.share_key) && !keys_.contains(advert.mask_key)) return Status::Ok();
  return Status(errors::kSecAggKey, "a key of member " + std::to_string(member) + " is another member's too");
}

void DistinctKeys::Add(const Advert& advert) {
  keys_.insert(advert.share_key);
  keys_.insert(advert.mask_key);
}

}  // namespace cairn::secagg
