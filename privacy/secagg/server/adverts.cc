#include "privacy/secagg/server/adverts.h"

#include <string>
#include <utility>
#include <vector>

namespace cairn::secagg {

Status Adverts::Take(const Attempt& attempt, std::uint32_t member, const Advert& advert, const SeenKeys* seen,
                     bool open, Evidence& evidence) {
  if (const auto at = adverts_.find(member); at != adverts_.end()) {
    if (at->second == advert) return Status::Ok();
    if (CheckAdvert(attempt, member, advert, nullptr).ok()) {
      evidence.Add({Blame::Kind::kTwoAdverts, member, std::nullopt});
    }
    return Status(errors::kSecAggMessage, attempt.NameOf(member) + " advertised other keys in this attempt");
  }
  if (!open) return Status(errors::kSecAggMessage, "adverts are closed, the cohort is fixed");
  if (adverts_.size() >= attempt.terms.n_max) {
    return Status(errors::kSecAggMessage,
                  "the cohort is full with " + std::to_string(adverts_.size()) + " sites");
  }
  CAIRN_RETURN_IF_ERROR(keys_.Check(member, advert));
  CAIRN_RETURN_IF_ERROR(CheckAdvert(attempt, member, advert, seen));
  keys_.Add(advert);
  adverts_.emplace(member, advert);
  return Status::Ok();
}

// CheckTerms holds n_min to the floor.
bool Adverts::can_close(const Attempt& attempt) const { return adverts_.size() >= attempt.terms.n_min; }

Result<Cohort> Adverts::Close(const Attempt& attempt) const {
  if (!can_close(attempt)) {
    return Status(errors::kSecAggFloor, std::to_string(adverts_.size()) +
                                            " sites advertised, the terms ask for " +
                                            std::to_string(attempt.terms.n_min));
  }
  std::vector<PlacedAdvert> placed;
  for (const auto& [member, advert] : adverts_) placed.push_back({0, member, advert});
  return Cohort::Form(attempt, std::move(placed));
}

}  // namespace cairn::secagg
