#include "privacy/secagg/shared/attempt.h"

#include <utility>

#include "core/base/check.h"

namespace cairn::secagg {

Result<Attempt> Attempt::Open(Terms terms, const Floors& floors, std::shared_ptr<const Membership> membership,
                              std::unique_ptr<Primitives> primitives) {
  CAIRN_CHECK(membership != nullptr && primitives != nullptr, "an attempt needs a roster and primitives");
  CAIRN_RETURN_IF_ERROR(CheckTerms(terms, floors));
  if (terms.roster_version != membership->version || terms.roster != membership->hash) {
    return Status(errors::kSecAggTerms,
                  "the terms name version " + std::to_string(terms.roster_version) + " of the roster (" +
                      terms.roster.short_hex() + "), the pinned one is version " +
                      std::to_string(membership->version) + " (" + membership->hash.short_hex() + ")");
  }
  Attempt attempt;
  attempt.context = RoundContext(terms);
  attempt.terms = std::move(terms);
  attempt.floors = floors;
  attempt.membership = std::move(membership);
  attempt.primitives = std::move(primitives);
  return attempt;
}

std::string Attempt::NameOf(std::uint32_t member) const {
  const Membership::Member* found = membership->Find(member);
  return "member " + std::to_string(member) + (found == nullptr ? std::string() : " (" + found->name + ")");
}

}  // namespace cairn::secagg
