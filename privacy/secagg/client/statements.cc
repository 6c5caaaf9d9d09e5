#include "privacy/secagg/client/statements.h"

#include <utility>
#include <variant>

#include "privacy/secagg/client/cohort_check.h"
#include "privacy/secagg/client/neighbourhood.h"
#include "privacy/secagg/shared/derive.h"
#include "privacy/secagg/shared/terms.h"

namespace cairn::secagg {
namespace {

Contradiction Between(const Attempt& attempt,
                      std::variant<TwoCohorts, TwoDeliveries, TwoSurvivors> statements) {
  return {RoundContextBytes(attempt.terms), std::move(statements)};
}

void WriteSigned(const SignedSet& set, StateWriter& out) {
  WriteSet(set.set, out);
  out.Fixed(set.signature.bytes);
}

Result<SignedSet> ReadSigned(TranscriptReader& in) {
  SignedSet set;
  CAIRN_ASSIGN_OR_RETURN(set.set, ReadSet(in));
  in.FixedTo(set.signature.bytes);
  return set;
}

}  // namespace

std::optional<Contradiction> FindContradiction(const Attempt& attempt, const Statements& taken,
                                               const CohortMessage& message) {
  if (!taken.cohort || !CheckCohortShape(attempt, message).ok()) return std::nullopt;
  const Result<SignedCohort> other = VerifyCohort(attempt, message);
  if (!other.ok() || other->view == taken.cohort->view) return std::nullopt;
  return Between(attempt, TwoCohorts{*taken.cohort, *other});
}

std::optional<Contradiction> FindContradiction(const Attempt& attempt, const Statements& taken,
                                               const DeliveryMessage& message) {
  if (!taken.shared || message.u2 == taken.shared->set) return std::nullopt;
  const CohortView& cohort = taken.cohort->view;
  const Bytes said = DeliveryBytes(cohort.Context(attempt.context), message.u2);
  if (!attempt.primitives->Verifies(attempt.terms.aggregator, said, message.signature)) return std::nullopt;
  return Between(attempt, TwoDeliveries{cohort, *taken.shared, {message.u2, message.signature}});
}

std::optional<Contradiction> FindContradiction(const Attempt& attempt, const Statements& taken,
                                               const SurvivorsMessage& message) {
  if (!taken.survivors || message.u3 == taken.survivors->set) return std::nullopt;
  const CohortView& cohort = taken.cohort->view;
  const SiteSet& u2 = taken.shared->set;
  const Bytes said = SurvivorsBytes(cohort.Context(attempt.context), u2, message.u3);
  if (!attempt.primitives->Verifies(attempt.terms.aggregator, said, message.signature)) return std::nullopt;
  return Between(attempt, TwoSurvivors{cohort, u2, *taken.survivors, {message.u3, message.signature}});
}

// u8 how many, then those, in order
void Statements::Write(StateWriter& out) const {
  out.U8(static_cast<std::uint8_t>(cohort.has_value() + shared.has_value() + survivors.has_value()));
  if (cohort) {
    out.U32(cohort->view.n).Hash(cohort->view.root);
    WriteSet(cohort->view.members, out);
    out.Fixed(cohort->signature.bytes);
  }
  if (shared) WriteSigned(*shared, out);
  if (survivors) WriteSigned(*survivors, out);
}

Result<Statements> Statements::Read(TranscriptReader& in) {
  Statements result;
  const std::uint8_t count = in.U8();
  if (count > 3) return Status(errors::kSecAggState, "the saved statements are damaged");
  if (count >= 1) {
    SignedCohort& cohort = result.cohort.emplace();
    cohort.view.n = in.U32();
    in.FixedTo(cohort.view.root.bytes);
    CAIRN_ASSIGN_OR_RETURN(cohort.view.members, ReadSet(in));
    in.FixedTo(cohort.signature.bytes);
  }
  if (count >= 2) {
    CAIRN_ASSIGN_OR_RETURN(result.shared, ReadSigned(in));
  }
  if (count >= 3) {
    CAIRN_ASSIGN_OR_RETURN(result.survivors, ReadSigned(in));
  }
  if (!in.ok()) return Status(errors::kSecAggState, "the saved statements are damaged");
  return result;
}

}  // namespace cairn::secagg
