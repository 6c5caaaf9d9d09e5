#include "privacy/secagg/client/agree.h"

#include <algorithm>
#include <functional>
#include <string>

#include "privacy/secagg/shared/derive.h"

namespace cairn::secagg {
namespace {

Status CheckSet(const Attempt& attempt, const Neighbourhood& around, const SiteSet& u2, const SiteSet& u3) {
  if (!u3.IsSubsetOf(u2)) {
    return Status(errors::kSecAggMessage, "the survivors are not among the sites that shared");
  }
  if (!u3.Has(around.own)) return Status(errors::kSecAggMessage, "the survivors leave this site out");
  const std::uint32_t smallest = SmallestSurvivors(around.n, attempt.floors);
  if (u3.size() < smallest) {
    return Status(errors::kSecAggFloor, std::to_string(u3.size()) + " sites are to be summed, a sum needs " +
                                            std::to_string(smallest));
  }
  if (around.InCircle(u3) < around.threshold) {
    return Status(errors::kSecAggFloor, std::to_string(around.InCircle(u3)) +
                                            " holders of this site's shares survive, " +
                                            std::to_string(around.threshold) + " are needed");
  }
  return Status::Ok();
}

}  // namespace

Result<Agreed> Agreed::To(const Attempt& attempt, std::uint32_t own, const Neighbourhood& around,
                          const SiteSet& u2, const SurvivorsMessage& survivors, const SumMemory& memory) {
  CAIRN_RETURN_IF_ERROR(CheckSet(attempt, around, u2, survivors.u3));
  if (!attempt.primitives->Verifies(attempt.terms.aggregator,
                                    SurvivorsBytes(around.context, u2, survivors.u3), survivors.signature)) {
    return Status(errors::kSecAggMember, "the survivors are not signed by this round's aggregator");
  }
  Agreed result;
  const std::vector<std::uint32_t> members = around.MembersAt(survivors.u3);
  CAIRN_RETURN_IF_ERROR(memory.Check(members, attempt.floors.min_cohort));
  result.members_ = SiteSet(around.members.universe());
  for (const std::uint32_t member : members) result.members_.Add(member);
  result.u3_ = survivors.u3;
  result.message_.signature = attempt.primitives->Sign(AgreedBytes(around.context, own, u2, survivors.u3));
  return result;
}

void Agreed::Write(StateWriter& out) const {
  WriteSet(u3_, out);
  out.U32(static_cast<std::uint32_t>(members_.size()));
  for (const std::uint32_t member : members_.Members()) out.U32(member);
  out.Fixed(message_.signature.bytes);
}

Result<Agreed> Agreed::Read(TranscriptReader& in) {
  Agreed result;
  CAIRN_ASSIGN_OR_RETURN(result.u3_, ReadSet(in));
  std::vector<std::uint32_t> members(std::min<std::size_t>(in.U32(), in.left() / 4));
  for (std::uint32_t& member : members) member = in.U32();
  const bool is_set =
      in.ok() && std::ranges::adjacent_find(members, std::ranges::greater_equal()) == members.end();
  if (!is_set || (!members.empty() && members.back() >= kMaxMembers))
    return Status(errors::kSecAggState, "the saved decision is damaged");
  result.members_ = SiteSet(members.empty() ? 0 : members.back() + 1);
  for (const std::uint32_t member : members) result.members_.Add(member);
  in.FixedTo(result.message_.signature.bytes);
  if (!in.ok() || result.members_.size() != result.u3_.size()) {
    return Status(errors::kSecAggState, "the saved decision is damaged");
  }
  return result;
}

}  // namespace cairn::secagg
