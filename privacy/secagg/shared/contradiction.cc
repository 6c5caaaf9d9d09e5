#include "privacy/secagg/shared/contradiction.h"

#include <utility>

#include "privacy/crypto/transcript.h"
#include "privacy/secagg/shared/derive.h"
#include "privacy/secagg/shared/terms.h"

namespace cairn::secagg {
namespace {

constexpr std::string_view kLabel = "cairn-contradiction-1";
constexpr std::size_t kMostListed = 32;

Status NoProof(std::string what) { return Status(errors::kSecAggEvidence, std::move(what)); }

void Write(TranscriptWriter& out, const SiteSet& set) {
  out.U32(static_cast<std::uint32_t>(set.universe())).Blob(set.bitmap());
}
void Write(TranscriptWriter& out, const CohortView& view) {
  out.U32(view.n).Fixed(view.root.bytes);
  Write(out, view.members);
}

struct Writer {
  TranscriptWriter& out;
  void operator()(const TwoCohorts& two) const {
    for (const SignedCohort* cohort : {&two.first, &two.second}) {
      Write(out, cohort->view);
      out.Fixed(cohort->signature.bytes);
    }
  }
  void operator()(const TwoDeliveries& two) const {
    Write(out, two.cohort);
    WriteSets(two.first, two.second);
  }
  void operator()(const TwoSurvivors& two) const {
    Write(out, two.cohort);
    Write(out, two.u2);
    WriteSets(two.first, two.second);
  }
  void WriteSets(const SignedSet& first, const SignedSet& second) const {
    for (const SignedSet* set : {&first, &second}) {
      Write(out, set->set);
      out.Fixed(set->signature.bytes);
    }
  }
};

// False for what no writer makes; the reader's own fault is asked for at the end.
bool Read(TranscriptReader& in, SiteSet* set) {
  const std::uint32_t universe = in.U32();
  Result<SiteSet> read = SiteSet::FromBitmap(universe, in.Blob(in.left()));
  if (!read.ok() || universe > kMaxMembers) return false;
  *set = std::move(*read);
  return true;
}
bool Read(TranscriptReader& in, CohortView* view) {
  view->n = in.U32();
  in.FixedTo(view->root.bytes);
  return Read(in, &view->members);
}
bool Read(TranscriptReader& in, SignedCohort* cohort) {
  if (!Read(in, &cohort->view)) return false;
  in.FixedTo(cohort->signature.bytes);
  return true;
}
bool Read(TranscriptReader& in, SignedSet* set) {
  if (!Read(in, &set->set)) return false;
  in.FixedTo(set->signature.bytes);
  return true;
}
bool Read(TranscriptReader& in, TwoCohorts* two) { return Read(in, &two->first) && Read(in, &two->second); }
bool Read(TranscriptReader& in, TwoDeliveries* two) {
  return Read(in, &two->cohort) && Read(in, &two->first) && Read(in, &two->second);
}
bool Read(TranscriptReader& in, TwoSurvivors* two) {
  return Read(in, &two->cohort) && Read(in, &two->u2) && Read(in, &two->first) && Read(in, &two->second);
}

// Each statement as the bytes that the aggregator signed.
struct SignedBytes {
  Sha256Digest rc;
  struct Pair {
    Bytes first, second;
    Signature first_signature, second_signature;
  };
  Pair operator()(const TwoCohorts& two) const {
    const auto bytes = [this](const CohortView& view) {
      return CohortBytes(rc, view.n, view.root, view.members);
    };
    return {bytes(two.first.view), bytes(two.second.view), two.first.signature, two.second.signature};
  }
  Pair operator()(const TwoDeliveries& two) const {
    const Sha256Digest cc = two.cohort.Context(rc);
    return {DeliveryBytes(cc, two.first.set), DeliveryBytes(cc, two.second.set), two.first.signature,
            two.second.signature};
  }
  Pair operator()(const TwoSurvivors& two) const {
    const Sha256Digest cc = two.cohort.Context(rc);
    return {SurvivorsBytes(cc, two.u2, two.first.set), SurvivorsBytes(cc, two.u2, two.second.set),
            two.first.signature, two.second.signature};
  }
};

std::string Words(const SiteSet& set) {
  std::string words =
      std::to_string(set.size()) + " of " + std::to_string(set.universe()) + " sites, at the places";
  std::size_t listed = 0;
  for (const Position position : set.Members()) {
    if (++listed > kMostListed) return words + " …";
    words += " " + std::to_string(position);
  }
  return words;
}
std::string Words(const CohortView& view) {
  return std::to_string(view.n) + " sites, their keys hash to " + view.root.hex();
}

}  // namespace

Sha256Digest CohortView::Context(const Sha256Digest& rc) const { return CohortContext(rc, n, root, members); }

Bytes EncodeContradiction(const Contradiction& contradiction) {
  TranscriptWriter out(kLabel);
  out.Blob(contradiction.context);
  out.U8(static_cast<std::uint8_t>(contradiction.statements.index() + 1));
  std::visit(Writer{out}, contradiction.statements);
  return out.bytes();
}

Result<Contradiction> DecodeContradiction(std::span<const std::byte> file) {
  if (file.size() > kMaxContradictionBytes) return NoProof("the file is larger than any evidence");
  TranscriptReader in(file, kLabel);
  Contradiction result;
  const std::span<const std::byte> context = in.Blob(in.left());
  result.context.assign(context.begin(), context.end());
  bool is_whole = true;
  switch (in.U8()) {
    case 1:
      is_whole = Read(in, &result.statements.emplace<TwoCohorts>());
      break;
    case 2:
      is_whole = Read(in, &result.statements.emplace<TwoDeliveries>());
      break;
    case 3:
      is_whole = Read(in, &result.statements.emplace<TwoSurvivors>());
      break;
    default:
      is_whole = false;
  }
  if (!is_whole || !in.done()) return NoProof("the file is no evidence of a contradiction, or damaged");
  CAIRN_RETURN_IF_ERROR(ReadRoundContext(result.context).status());
  return result;
}

Status CheckContradiction(const Contradiction& contradiction, const VerifyKey& aggregator) {
  CAIRN_ASSIGN_OR_RETURN(const AttemptNames names, ReadRoundContext(contradiction.context));
  if (names.aggregator != aggregator)
    return NoProof("it is about the key " + ToHex(names.aggregator.bytes) + ", the aggregator's is " +
                   ToHex(aggregator.bytes));
  const auto said = std::visit(SignedBytes{Sha256::Of(contradiction.context)}, contradiction.statements);
  if (said.first == said.second) return NoProof("the two statements are the same");
  if (!aggregator.Verifies(said.first, said.first_signature))
    return NoProof("the aggregator did not sign the first statement");
  if (!aggregator.Verifies(said.second, said.second_signature))
    return NoProof("the aggregator did not sign the second statement");
  return {};
}

std::string_view NameOf(const Contradiction& contradiction) {
  constexpr std::string_view kNames[] = {"cohorts", "sets of sites that shared", "sets of survivors"};
  return kNames[contradiction.statements.index()];
}

std::pair<std::string, std::string> WordsOf(const Contradiction& contradiction) {
  if (const auto* cohorts = std::get_if<TwoCohorts>(&contradiction.statements))
    return {Words(cohorts->first.view), Words(cohorts->second.view)};
  if (const auto* deliveries = std::get_if<TwoDeliveries>(&contradiction.statements))
    return {Words(deliveries->first.set), Words(deliveries->second.set)};
  const auto& survivors = std::get<TwoSurvivors>(contradiction.statements);
  return {Words(survivors.first.set), Words(survivors.second.set)};
}

}  // namespace cairn::secagg
