#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "core/base/ids.h"
#include "privacy/accounting/privacy_event.h"
#include "privacy/crypto/sha256.h"

namespace cairn {

// What a charge is for. Two attempts at one round are two keys.
struct ChargeKey {
  std::string domain;     // the people it concerns, as the site's administrator named them
  Sha256Digest manifest;  // of the approved job
  JobId job;
  RoundId round;
  std::uint32_t attempt = 0;
  friend auto operator<=>(const ChargeKey&, const ChargeKey&) = default;
};

struct Charge {
  ChargeKey key;
  PrivacyEvent event;
  friend bool operator==(const Charge&, const Charge&) = default;
};

// The right to make one release, minted by PrivacyLedger alone once its charge is on disk. What adds noise or
// seals takes it by value, so nothing can leave uncharged, or twice on one charge: that is a type error. A
// moved-from permit allows nothing.
class [[nodiscard]] ReleasePermit {
 public:
  ReleasePermit(ReleasePermit&& other) noexcept : charge_(std::exchange(other.charge_, std::nullopt)) {}
  ReleasePermit& operator=(ReleasePermit&& other) noexcept {
    charge_ = std::exchange(other.charge_, std::nullopt);
    return *this;
  }
  ReleasePermit(const ReleasePermit&) = delete;
  ReleasePermit& operator=(const ReleasePermit&) = delete;

  const Charge& charge() const {
    CAIRN_CHECK(charge_.has_value(), "a permit is used once");
    return *charge_;
  }

 private:
  friend class PrivacyLedger;
  explicit ReleasePermit(Charge charge) : charge_(std::move(charge)) {}
  std::optional<Charge> charge_;
};

}  // namespace cairn
