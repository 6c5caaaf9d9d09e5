#include "privacy/secagg/client/client.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "privacy/crypto/transcript.h"
#include "privacy/secagg/client/advertise.h"
#include "privacy/secagg/client/agree.h"
#include "privacy/secagg/client/answer.h"
#include "privacy/secagg/client/mask.h"
#include "privacy/secagg/client/receive.h"
#include "privacy/secagg/client/share.h"
#include "privacy/secagg/client/state_writer.h"
#include "privacy/secagg/client/statements.h"
#include "privacy/secagg/shared/attempt.h"

namespace cairn::secagg {
namespace {

constexpr std::string_view kStateLabel = "cairn-secagg-client-2";

Status Refuse(const std::string& what) { return Status(errors::kSecAggMessage, what); }

// Which steps are done; each has its own file. The façade decides only whether a message is due, repeated or
// refused.
class SteppingClient final : public Client {
 public:
  SteppingClient(Attempt attempt, std::uint32_t own, const SeenKeys* seen, Phase phase, Advertised advertised)
      : attempt_(std::move(attempt)),
        own_(own),
        seen_(seen),
        phase_(phase),
        advertised_(std::move(advertised)) {}

  const Advert& advert() const override { return advertised_.advert(); }
  Phase phase() const override { return phase_; }
  std::shared_ptr<const Contradiction> contradiction() const override { return contradiction_; }
  const Terms& terms() const override { return attempt_.terms; }
  std::vector<std::uint32_t> survivors() const override {
    return agreed_ ? agreed_->members() : std::vector<std::uint32_t>();
  }

  Result<SharesMessage> OnCohort(const CohortMessage& message) override;
  Result<std::optional<Complaint>> OnDelivery(const DeliveryMessage& message) override;
  Status Mask(std::span<std::uint32_t> words) override { return MaskWords(words); }
  Status Mask(std::span<std::uint64_t> words) override { return MaskWords(words); }
  Result<MaskedInput> Masked(const Sha256Digest& object, std::uint64_t bytes) override;
  Result<AgreementMessage> OnSurvivors(const SurvivorsMessage& message, const SumMemory& memory) override;
  Result<UnmaskMessage> OnUnmask(const UnmaskRequest& request) override;

  SecretBytes Save() const override;
  Status Load(TranscriptReader& in);

 private:
  template <class Word>
  Status MaskWords(std::span<Word> words) {
    if (phase_ != Phase::kDelivered) return NotDue("a vector to mask");
    return masked_.AddTo(words, attempt_, own_, advertised_.secrets(), shared_->neighbourhood(),
                         received_->u2());
  }
  void Write(StateWriter& out) const;
  bool IsWhole() const;

  // A message for another phase: nothing changes.
  Status NotDue(const std::string& what) const {
    if (phase_ == Phase::kFailed) return Status(errors::kSecAggState, "this attempt is over for this site");
    return Refuse(what + " is not due in this phase");
  }
  Status Fail(Status why) {
    phase_ = Phase::kFailed;
    advertised_.Wipe();
    shared_.reset();
    received_.reset();
    masked_ = secagg::Masked();
    agreed_.reset();
    answered_.reset();
    return why;
  }
  // Whether the message contradicts one that was taken: then the attempt is over, with the proof in hand.
  template <class Message>
  Status CheckAgainstTaken(const Message& message) {
    if (phase_ == Phase::kFailed) return {};
    std::optional<Contradiction> found = FindContradiction(attempt_, statements_, message);
    if (!found.has_value()) return {};
    contradiction_ = std::make_shared<const Contradiction>(std::move(*found));
    return Fail(Status(
        errors::kSecAggContradiction,
        "the aggregator signed two different " + std::string(NameOf(*contradiction_)) + " for one attempt"));
  }

  Attempt attempt_;
  std::uint32_t own_ = 0;
  const SeenKeys* seen_ = nullptr;
  Phase phase_;
  Advertised advertised_;
  std::optional<Shared> shared_;
  std::optional<Received> received_;
  secagg::Masked masked_;
  std::optional<Agreed> agreed_;
  std::optional<Answered> answered_;
  Statements statements_;
  std::shared_ptr<const Contradiction> contradiction_;  // shared: it is kept when the attempt is gone
};

Result<SharesMessage> SteppingClient::OnCohort(const CohortMessage& message) {
  if (shared_ && shared_->Answers(message)) return shared_->message();
  CAIRN_RETURN_IF_ERROR(CheckAgainstTaken(message));
  if (phase_ != Phase::kAdvertised) return NotDue("this cohort");
  Result<Shared> shared = Shared::Deal(attempt_, own_, advertised_, message, seen_);
  if (!shared.ok()) return Fail(std::move(shared).status());
  shared_ = std::move(*shared);
  statements_.cohort = shared_->signed_cohort();
  phase_ = Phase::kShared;
  return shared_->message();
}

Result<std::optional<Complaint>> SteppingClient::OnDelivery(const DeliveryMessage& message) {
  if (received_ && received_->Answers(message)) return std::optional<Complaint>();
  CAIRN_RETURN_IF_ERROR(CheckAgainstTaken(message));
  if (phase_ != Phase::kShared) return NotDue("this delivery");
  auto opened = Received::Open(attempt_, own_, advertised_, *shared_, message);
  if (!opened.ok()) return Fail(std::move(opened).status());
  if (const auto* complaint = std::get_if<Complaint>(&*opened)) {
    const std::optional<Complaint> result = *complaint;
    (void)Fail(Status::Ok());
    return result;
  }
  received_ = std::get<Received>(std::move(*opened));
  statements_.shared = SignedSet{message.u2, message.signature};
  phase_ = Phase::kDelivered;
  return std::optional<Complaint>();
}

Result<MaskedInput> SteppingClient::Masked(const Sha256Digest& object, std::uint64_t bytes) {
  if (masked_.is_named()) return masked_.NameAgain(object, bytes);
  if (phase_ != Phase::kDelivered) return NotDue("a masked vector");
  CAIRN_ASSIGN_OR_RETURN(
      const MaskedInput message,
      masked_.Name(attempt_, own_, shared_->neighbourhood().context, received_->u2(), object, bytes));
  phase_ = Phase::kMasked;
  // No later step needs them; without them nobody can mask again.
  advertised_.Wipe();
  return message;
}

Result<AgreementMessage> SteppingClient::OnSurvivors(const SurvivorsMessage& message,
                                                     const SumMemory& memory) {
  if (phase_ == Phase::kDecided && message.u3 == agreed_->u3()) return agreed_->message();
  CAIRN_RETURN_IF_ERROR(CheckAgainstTaken(message));
  if (phase_ != Phase::kMasked) return NotDue("this set of survivors");
  Result<Agreed> agreed =
      Agreed::To(attempt_, own_, shared_->neighbourhood(), received_->u2(), message, memory);
  if (!agreed.ok()) return Fail(std::move(agreed).status());
  agreed_ = std::move(*agreed);
  statements_.survivors = SignedSet{message.u3, message.signature};
  phase_ = Phase::kDecided;
  return agreed_->message();
}

Result<UnmaskMessage> SteppingClient::OnUnmask(const UnmaskRequest& request) {
  if (answered_ && answered_->Answers(request)) return answered_->message();
  if (phase_ != Phase::kDecided) return NotDue("this request for shares");
  Result<Answered> answered =
      Answered::Reveal(attempt_, own_, shared_->neighbourhood(), *received_, *agreed_, request);
  if (!answered.ok()) return Fail(std::move(answered).status());
  answered_ = std::move(*answered);
  phase_ = Phase::kAnswered;
  shared_.reset();
  received_.reset();
  return answered_->message();
}

// state = text label, rc (32), u32 own, u8 phase, then by phase
//   kFailed: nothing · else: advert · kShared on: cohort and shares sent · kDelivered on: shares received,
//   masked input · kDecided on: decision · kAnswered: advert, decision, answer; last what the aggregator
//   signed
void SteppingClient::Write(StateWriter& out) const {
  out.Blob(AsBytes(kStateLabel)).Hash(attempt_.context).U32(own_).U8(static_cast<std::uint8_t>(phase_));
  advertised_.Write(out);
  if (shared_) shared_->Write(out);
  if (received_) {
    received_->Write(out);
    masked_.Write(out);
  }
  if (agreed_) agreed_->Write(out);
  if (answered_) answered_->Write(out);
  statements_.Write(out);
}

SecretBytes SteppingClient::Save() const {
  StateWriter counter;
  Write(counter);
  SecretBytes state(counter.size());
  StateWriter writer(state.Overwrite(RevealSecret{}));
  Write(writer);
  return state;
}

// After the advert, which the constructor has.
Status SteppingClient::Load(TranscriptReader& in) {
  const bool answered = phase_ == Phase::kAnswered, failed = phase_ == Phase::kFailed;
  if (phase_ >= Phase::kShared && !answered && !failed) {
    CAIRN_ASSIGN_OR_RETURN(shared_, Shared::Read(in));
  }
  if (phase_ >= Phase::kDelivered && !answered && !failed) {
    CAIRN_ASSIGN_OR_RETURN(received_, Received::Read(in));
    CAIRN_ASSIGN_OR_RETURN(masked_, secagg::Masked::Read(in));
  }
  if (phase_ >= Phase::kDecided && !failed) {
    CAIRN_ASSIGN_OR_RETURN(agreed_, Agreed::Read(in));
  }
  if (answered) {
    CAIRN_ASSIGN_OR_RETURN(answered_, Answered::Read(in));
  }
  CAIRN_ASSIGN_OR_RETURN(statements_, Statements::Read(in));
  return in.done() && IsWhole() ? Status::Ok() : Status(errors::kSecAggState, "the saved state is damaged");
}

// What later steps rely on. The state is sealed on disk, so this guards against our own old versions, not
// against forgers.
bool SteppingClient::IsWhole() const {
  const bool needs_secrets = phase_ <= Phase::kDelivered;
  const bool is_failed = phase_ == Phase::kFailed;
  if (!is_failed && statements_.cohort.has_value() != (phase_ >= Phase::kShared)) return false;
  if (!is_failed && statements_.shared.has_value() != (phase_ >= Phase::kDelivered)) return false;
  if (!is_failed && statements_.survivors.has_value() != (phase_ >= Phase::kDecided)) return false;
  if (needs_secrets != advertised_.has_secrets()) return false;
  if (received_ && masked_.is_named() != (phase_ >= Phase::kMasked)) return false;
  if (!shared_) return true;
  const Neighbourhood& around = shared_->neighbourhood();
  if (around.threshold == 0 || around.members.universe() != attempt_.membership->members.size()) return false;
  for (const Peer& peer : around.circle) {
    if (peer.position >= around.n || attempt_.membership->Find(peer.member) == nullptr) return false;
  }
  if (received_ && received_->u2().universe() != around.n) return false;
  return !agreed_ || agreed_->u3().universe() == around.n;
}

}  // namespace

Result<std::unique_ptr<Client>> Client::Begin(Terms terms, const Floors& floors,
                                              std::shared_ptr<const Membership> membership, std::uint32_t own,
                                              std::unique_ptr<Primitives> primitives, const SeenKeys* seen) {
  CAIRN_ASSIGN_OR_RETURN(
      Attempt attempt, Attempt::Open(std::move(terms), floors, std::move(membership), std::move(primitives)));
  CAIRN_ASSIGN_OR_RETURN(Advertised advertised, Advertised::Draw(attempt, own, seen));
  return std::unique_ptr<Client>(std::make_unique<SteppingClient>(std::move(attempt), own, seen,
                                                                  Phase::kAdvertised, std::move(advertised)));
}

Result<std::unique_ptr<Client>> Client::Restore(std::span<const std::byte> saved, Terms terms,
                                                const Floors& floors,
                                                std::shared_ptr<const Membership> membership,
                                                std::uint32_t own, std::unique_ptr<Primitives> primitives,
                                                const SeenKeys* seen) {
  CAIRN_ASSIGN_OR_RETURN(
      Attempt attempt, Attempt::Open(std::move(terms), floors, std::move(membership), std::move(primitives)));
  TranscriptReader in(saved, kStateLabel);
  Sha256Digest context;
  in.FixedTo(context.bytes);
  const std::uint32_t saved_own = in.U32();
  const std::uint8_t phase = in.U8();
  if (!in.ok() || phase > static_cast<std::uint8_t>(Phase::kFailed)) {
    return Status(errors::kSecAggState, "these bytes are not a site's state of a masked round");
  }
  if (context != attempt.context || saved_own != own) {
    return Status(errors::kSecAggState, "the saved state is of another attempt or another site");
  }
  CAIRN_ASSIGN_OR_RETURN(Advertised advertised, Advertised::Read(in));
  auto client = std::make_unique<SteppingClient>(std::move(attempt), own, seen, static_cast<Phase>(phase),
                                                 std::move(advertised));
  if (const Status loaded = client->Load(in); !loaded.ok())
    return Status(errors::kSecAggState, "the saved state cannot be read: " + loaded.what());
  return std::unique_ptr<Client>(std::move(client));
}

}  // namespace cairn::secagg
