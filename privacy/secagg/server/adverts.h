#pragma once

#include <cstdint>
#include <map>

#include "core/base/result.h"
#include "privacy/secagg/server/cohort.h"
#include "privacy/secagg/server/evidence.h"
#include "privacy/secagg/shared/advert_rules.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// R0 at the aggregator: one advert a member.
class Adverts {
 public:
  // `open`: the phase is not over; a repeated advert is OK later too. Errors as CheckAdvert's, and
  // kSecAggMessage for a second, late or surplus advert, kSecAggKey for a key that another member has.
  Status Take(const Attempt& attempt, std::uint32_t member, const Advert& advert, const SeenKeys* seen,
              bool open, Evidence& evidence);
  bool can_close(const Attempt& attempt) const;
  bool has(std::uint32_t member) const { return adverts_.contains(member); }
  Result<Cohort> Close(const Attempt& attempt) const;  // kSecAggFloor

 private:
  std::map<std::uint32_t, Advert> adverts_;
  DistinctKeys keys_;
};

}  // namespace cairn::secagg
