#include "client/agent/masking_desk.h"

#include <algorithm>
#include <utility>

#include "privacy/crypto/transcript.h"

namespace cairn {
namespace {

constexpr std::string_view kLabel = "cairn-masking-1";

}  // namespace

struct MaskingDesk::Attempt {
  RoundKey key;
  Sha256Digest context;
  Sha256Digest model;                      // of which the memory is
  secagg::SumMemory memory;                // of the sums over it that this site helped to open
  std::vector<AgreementPublic> keys;       // of the cohort as far as this site saw it
  std::unique_ptr<secagg::Client> client;  // null once it has ended
};

MaskingDesk::MaskingDesk(std::string site, MaskingStorage* storage, NewPrimitives primitives)
    : site_(std::move(site)), storage_(storage), new_primitives_(std::move(primitives)) {}
MaskingDesk::~MaskingDesk() = default;

MaskingDesk::Attempt* MaskingDesk::Find(RoundKey key) {
  const auto found = attempts_.find(key.job);
  if (found == attempts_.end() || found->second->key != key || found->second->client == nullptr)
    return nullptr;
  return found->second.get();
}

// state := text(label) round attempt context model n × {m × member} has_client client
Status MaskingDesk::Save(const Attempt& attempt) {
  if (storage_ == nullptr) return {};
  TranscriptWriter out(kLabel);
  out.U64(attempt.key.round.value)
      .U32(attempt.key.attempt)
      .Fixed(attempt.context.bytes)
      .Fixed(attempt.model.bytes);
  out.U32(static_cast<std::uint32_t>(attempt.memory.kept().size()));
  for (const auto& members : attempt.memory.kept()) {
    out.U32(static_cast<std::uint32_t>(members.size()));
    for (const std::uint32_t member : members) out.U32(member);
  }
  const SecretBytes client = attempt.client == nullptr ? SecretBytes() : attempt.client->Save();
  SecretBytes state(out.bytes().size() + client.size());
  const auto to = state.Overwrite(RevealSecret{});
  std::copy(out.bytes().begin(), out.bytes().end(), to.begin());
  const auto from = client.Reveal(RevealSecret{});
  std::copy(from.begin(), from.end(), to.begin() + static_cast<std::ptrdiff_t>(out.bytes().size()));
  return storage_->Save(attempt.key.job, state);
}

// What was kept of the job, if anything: its memory, and the attempt itself where it is the one asked for.
Status MaskingDesk::Recall(Attempt& attempt, const BeginMasking& begin) {
  if (const auto last = attempts_.find(begin.key.job); last != attempts_.end()) {
    if (begin.key < last->second->key)
      return Status(errors::kSecAggTerms, "the attempt is older than one this site has taken part in");
    if (begin.key == last->second->key) return Status(errors::kSecAggState, "this site has left the attempt");
    if (last->second->model == attempt.model) attempt.memory = last->second->memory;
    return {};
  }
  if (storage_ == nullptr) return {};
  Result<SecretBytes> state = storage_->Load(begin.key.job);
  if (state.status().id() == errors::kNotFound) return {};
  CAIRN_RETURN_IF_ERROR(state.status());
  TranscriptReader in(state->Reveal(RevealSecret{}), kLabel);
  const RoundKey kept{begin.key.job, RoundId{in.U64()}, in.U32()};
  Sha256Digest context, model;
  in.FixedTo(context.bytes);
  in.FixedTo(model.bytes);
  secagg::SumMemory memory;
  for (std::uint32_t sets = in.U32(); sets > 0 && in.ok(); --sets) {
    std::vector<std::uint32_t> members(std::min<std::size_t>(in.U32(), in.left() / 4));
    for (std::uint32_t& member : members) member = in.U32();
    if (std::ranges::any_of(members, [](std::uint32_t member) { return member >= secagg::kMaxMembers; }))
      return Status(errors::kStorageCorrupt, "the kept masking of a job cannot be read");
    memory.Keep(members);
  }
  if (!in.ok()) return Status(errors::kStorageCorrupt, "the kept masking of a job cannot be read");
  if (begin.key < kept)
    return Status(errors::kSecAggTerms, "the attempt is older than one this site has taken part in");
  if (model == begin.terms.model) attempt.memory = std::move(memory);
  if (kept != begin.key) return {};
  if (context != attempt.context)
    return Status(errors::kSecAggTerms, "the attempt comes again with other terms");
  if (in.left() == 0) return Status(errors::kSecAggState, "this site has left the attempt");
  const std::uint32_t own = begin.identity.membership->IndexOf(site_).value_or(0);  // Begin has looked
  CAIRN_ASSIGN_OR_RETURN(
      attempt.client,
      secagg::Client::Restore(in.Fixed(in.left()), begin.terms, begin.floors, begin.identity.membership, own,
                              new_primitives_(begin.key), &seen_[begin.key.job]));
  return {};
}

Result<MaskingStep> MaskingDesk::Begin(const BeginMasking& begin) {
  if (const Attempt* known = Find(begin.key)) {
    if (known->context != secagg::RoundContext(begin.terms))
      return Status(errors::kSecAggTerms, "the attempt comes again with other terms");
    return MaskingStep{known->client->advert(), known->client->phase() == secagg::Client::Phase::kDelivered};
  }
  const std::optional<std::uint32_t> own = begin.identity.membership->IndexOf(site_);
  if (!own.has_value()) return Status(errors::kSecAggMember, site_ + " is not on the roster of the attempt");
  auto attempt = std::make_unique<Attempt>();
  attempt->key = begin.key;
  attempt->context = secagg::RoundContext(begin.terms);
  attempt->model = begin.terms.model;
  CAIRN_RETURN_IF_ERROR(Recall(*attempt, begin));
  if (attempt->client == nullptr) {
    CAIRN_ASSIGN_OR_RETURN(attempt->client,
                           secagg::Client::Begin(begin.terms, begin.floors, begin.identity.membership, *own,
                                                 new_primitives_(begin.key), &seen_[begin.key.job]));
    CAIRN_RETURN_IF_ERROR(Save(*attempt));
  }
  const secagg::Client& client = *attempt->client;
  MaskingStep step{client.advert(), client.phase() == secagg::Client::Phase::kDelivered};
  std::unique_ptr<Attempt>& place = attempts_[begin.key.job];
  if (place != nullptr) {
    for (const AgreementPublic& key : place->keys) seen_[begin.key.job].Add(key);
  }
  place = std::move(attempt);
  return step;
}

Result<MaskingStep> MaskingDesk::Step(const StepMasking& step) {
  Attempt* attempt = Find(step.key);
  if (attempt == nullptr) return Status(errors::kSecAggState, "this site takes no part in the attempt");
  Result<MaskingStep> done = Answer(*attempt, step.message);
  if (done.status().id() != errors::kSecAggContradiction) return done;
  MaskingStep caught;
  caught.has_left = true;
  caught.contradiction = attempt->client->contradiction();
  return caught;
}

Result<MaskingStep> MaskingDesk::Answer(Attempt& attempt, const secagg::ToClient& message) {
  secagg::Client& client = *attempt.client;
  MaskingStep done;
  if (const auto* cohort = std::get_if<secagg::CohortMessage>(&message)) {
    CAIRN_ASSIGN_OR_RETURN(secagg::SharesMessage shares, client.OnCohort(*cohort));
    attempt.keys.clear();
    attempt.keys.reserve(2 * cohort->adverts.size());
    for (const secagg::PlacedAdvert& placed : cohort->adverts) {
      attempt.keys.push_back(placed.advert.share_key);
      attempt.keys.push_back(placed.advert.mask_key);
    }
    done.reply = std::move(shares);
  } else if (const auto* delivery = std::get_if<secagg::DeliveryMessage>(&message)) {
    CAIRN_ASSIGN_OR_RETURN(std::optional<secagg::Complaint> complaint, client.OnDelivery(*delivery));
    done.has_left = complaint.has_value();
    done.can_mask = client.phase() == secagg::Client::Phase::kDelivered;
    if (complaint.has_value()) done.reply = std::move(*complaint);
  } else if (const auto* survivors = std::get_if<secagg::SurvivorsMessage>(&message)) {
    CAIRN_ASSIGN_OR_RETURN(secagg::AgreementMessage agreed, client.OnSurvivors(*survivors, attempt.memory));
    done.reply = agreed;
  } else {
    return OnUnmask(attempt, std::get<secagg::UnmaskRequest>(message));
  }
  CAIRN_RETURN_IF_ERROR(Save(attempt));
  return done;
}

// The sum this answer opens is remembered with it, before it leaves.
Result<MaskingStep> MaskingDesk::OnUnmask(Attempt& attempt, const secagg::UnmaskRequest& request) {
  CAIRN_ASSIGN_OR_RETURN(secagg::UnmaskMessage answer, attempt.client->OnUnmask(request));
  attempt.memory.Keep(attempt.client->survivors());
  CAIRN_RETURN_IF_ERROR(Save(attempt));
  return MaskingStep{std::move(answer)};
}

// Nothing leaves before both are durable. A crash before the state says "masked" masks again, with the same
// masks the same words or, where the site adds noise, words under fresh noise: the first ones never left. One
// after it finds the report spooled, or leaves the attempt.
Result<SealedReport> MaskingDesk::Mask(const MaskInput& input,
                                       const std::function<Status(const SealedReport&)>& spool) {
  Attempt* attempt = Find(input.key);
  if (attempt == nullptr) return Status(errors::kSecAggState, "this site takes no part in the attempt");
  CAIRN_ASSIGN_OR_RETURN(SealedReport report,
                         EgressGuard::Mask(std::move(*input.contribution), *attempt->client));
  if (spool) CAIRN_RETURN_IF_ERROR(spool(report));
  CAIRN_RETURN_IF_ERROR(Save(*attempt));
  return report;
}

void MaskingDesk::End(RoundKey key) {
  Attempt* attempt = Find(key);
  if (attempt == nullptr) return;
  attempt->client.reset();
  static_cast<void>(Save(*attempt));  // the memory of sums; of the round nothing
}

}  // namespace cairn
