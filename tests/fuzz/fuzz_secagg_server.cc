// The aggregator's side of a masked attempt under any sequence of what sites say: honest messages, repeated,
// early, late, of another sender, distorted, and distorted and signed anew, with phases closed at any time
// and restarts by replay. A refusal changes nothing, a message with a wrong signature is refused, a replay
// gives the same messages, and a sum that opens is the sum of what the survivors put in.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "privacy/secagg/shared/share_evidence.h"
#include "tests/fuzz/secagg_lies.h"
#include "tests/fuzz/secagg_world.h"

namespace {

using namespace cairn;                // NOLINT: a program of its own
using namespace cairn::secagg;        // NOLINT
using namespace cairn::secagg::fuzz;  // NOLINT
using Phase = Server::Phase;

constexpr int kMostSteps = 96;

enum class Truth : std::uint8_t { kGenuine, kDistorted, kLie };  // a lie is signed

// All that can be seen of an aggregator.
struct View {
  Phase phase;
  bool can_close, can_unmask;
  std::vector<std::uint32_t> u1, u2, u3, waiting;
  friend bool operator==(const View&, const View&) = default;

  static View Of(const Server& server) {
    return {server.phase(), server.can_close(), server.can_unmask(), server.u1(),
            server.u2(),    server.u3(),        server.waiting_for()};
  }
};

class Aggregator {
 public:
  explicit Aggregator(const Setting& setting) : world_(setting), server_(world_.NewServer()) {
    for (std::uint32_t m = 0; m < world_.sites(); ++m) {
      clients_.push_back(world_.NewClient(m));
      vectors_.emplace_back();
      inputs_.emplace_back();
    }
  }

  void Step(Choices& choices) {
    const std::size_t what = choices.Below(8);
    if (what == 6) return Close();
    if (what == 7) return choices.Below(4) == 0 ? Restart() : Phasewise(choices);
    const auto member = static_cast<std::uint32_t>(choices.Below(world_.sites()));
    const Truth truth = static_cast<Truth>(choices.Below(3));
    Say(what, member, choices, truth);
  }

  void Finish() {
    Restart();
    (void)OpenSum();
  }

 private:
  // Everybody but one, honestly, and the phase is closed.
  void Phasewise(Choices& choices) {
    const std::size_t what = static_cast<std::size_t>(server_->phase());
    const std::size_t silent = choices.Below(2 * world_.sites());
    if (what > 4) return;
    for (std::uint32_t m = 0; m < world_.sites(); ++m) {
      if (m != silent) Say(what, m, choices, Truth::kGenuine);
    }
    Close();
  }

  void Say(std::size_t what, std::uint32_t m, Choices& choices, Truth truth) {
    switch (what) {
      case 0:
        return Send(m, std::optional(clients_[m]->advert()), choices, truth, &Server::OnAdvert);
      case 1:
        return Send(m, SharesOf(m), choices, truth, &Server::OnShares);
      case 2:
        return Send(m, InputOf(m), choices, truth, &Server::OnMasked);
      case 3:
        return Send(m, AgreementOf(m), choices, truth, &Server::OnAgreed);
      case 4:
        return Send(m, AnswerOf(m), choices, truth, &Server::OnUnmask);
      default:
        return Send(m, ComplaintOf(m, choices), choices, truth, &Server::OnComplaint);
    }
  }

  template <class Message>
  void Send(std::uint32_t m, const std::optional<Message>& genuine, Choices& choices, Truth truth,
            Status (Server::*take)(std::uint32_t, const Message&)) {
    if (!genuine) return;
    Message message = *genuine;
    std::uint32_t sender = m;
    if (truth != Truth::kGenuine) {
      for (std::size_t times = 1 + choices.Below(2); times > 0; --times) Distort(message, choices);
      if (choices.Below(8) == 0) sender = choices.Next();  // the transport's word, not the message's
      if (truth == Truth::kLie) Sign(world_, WhatIsBound(), sender, message);
    }
    const View before = View::Of(*server_);
    const Status taken = (server_.get()->*take)(sender, message);
    CAIRN_CHECK(taken.ok() || View::Of(*server_) == before, "a refusal changes nothing");
    if (!taken.ok()) return;
    const bool is_true = message == *genuine && sender == m;
    CAIRN_CHECK(truth != Truth::kDistorted || is_true, "what is not signed by its sender is refused");
    CAIRN_CHECK((server_.get()->*take)(sender, message).ok(), "what was taken may come again");
    calls_.push_back([=](Server& server) { return (server.*take)(sender, message); });
  }

  Bound WhatIsBound() const {
    Bound bound;
    if (const auto cohort = server_->CohortFor(0)) {
      if (const auto cc = ContextOf(world_, *cohort); cc.ok()) bound.cc = *cc;
    }
    for (const std::uint32_t m : server_->u2()) {
      if (const auto delivery = server_->DeliveryFor(m)) bound.u2 = delivery->u2;
      if (const auto survivors = server_->SurvivorsFor(m)) bound.u3 = survivors->u3;
    }
    return bound;
  }

  // What honest sites say to what this aggregator showed them; nothing when that is not their turn.
  std::optional<SharesMessage> SharesOf(std::uint32_t m) {
    const auto cohort = server_->CohortFor(m);
    if (!cohort) return std::nullopt;
    auto shares = clients_[m]->OnCohort(*cohort);
    return shares.ok() ? std::optional(std::move(*shares)) : std::nullopt;
  }
  std::optional<MaskedInput> InputOf(std::uint32_t m) {
    const auto delivery = server_->DeliveryFor(m);
    if (!delivery) return std::nullopt;
    const auto complaint = clients_[m]->OnDelivery(*delivery);
    if (!complaint.ok() || *complaint) return std::nullopt;
    if (clients_[m]->phase() == Client::Phase::kDelivered) {
      inputs_[m] = vectors_[m] = world_.InputOf(m);
      CAIRN_CHECK(world_.Mask(*clients_[m], vectors_[m]).ok(), "masks are added once");
    }
    auto input =
        clients_[m]->Masked(Sha256::Of(std::as_bytes(std::span(vectors_[m]))), world_.terms().byte_size());
    return input.ok() ? std::optional(*input) : std::nullopt;
  }
  std::optional<AgreementMessage> AgreementOf(std::uint32_t m) {
    const auto survivors = server_->SurvivorsFor(m);
    if (!survivors) return std::nullopt;
    auto agreed = clients_[m]->OnSurvivors(*survivors, {});
    return agreed.ok() ? std::optional(*agreed) : std::nullopt;
  }
  std::optional<UnmaskMessage> AnswerOf(std::uint32_t m) {
    const auto request = server_->UnmaskRequestFor(m);
    if (!request) return std::nullopt;
    auto answer = clients_[m]->OnUnmask(*request);
    return answer.ok() ? std::optional(*answer) : std::nullopt;
  }
  // Of a site that was delivered something else, or that makes it up.
  std::optional<Complaint> ComplaintOf(std::uint32_t m, Choices& choices) {
    auto delivery = server_->DeliveryFor(m);
    if (!delivery || delivery->shares.empty()) return std::nullopt;
    SealedShare& share = delivery->shares[choices.Below(delivery->shares.size())];
    if (choices.Below(2) == 0) {
      Complaint invented{share.peer, ComplaintKind::kDoesNotOpen, EvidenceOf(share), {}};
      Sign(world_, WhatIsBound(), m, invented);
      return invented;
    }
    share.sealed[choices.Below(share.sealed.size())] ^= std::byte{1};
    const auto complaint = clients_[m]->OnDelivery(*delivery);
    return complaint.ok() ? *complaint : std::nullopt;
  }

  void Close() {
    const bool could = server_->can_close();
    const Phase phase = server_->phase();
    if (phase >= Phase::kUnmasking) return;
    const auto close = [phase](Server& server) {
      switch (phase) {
        case Phase::kAdverts:
          return server.CloseAdverts();
        case Phase::kShares:
          return server.CloseShares();
        case Phase::kInputs:
          return server.CloseInputs();
        default:
          return server.CloseAgreement();
      }
    };
    if (!could) return;  // a caller waits; what happens when it does not is tested elsewhere
    CAIRN_CHECK(close(*server_).ok(), "can_close says so");
    calls_.emplace_back(close);
  }

  // All messages for everybody, as a restarted aggregator gives them.
  void Restart() {
    auto again = world_.NewServer();
    for (const auto& call : calls_) CAIRN_CHECK(call(*again).ok(), "what was taken is taken again");
    CAIRN_CHECK(View::Of(*again) == View::Of(*server_), "a replay ends where the first one was");
    for (std::uint32_t m = 0; m <= world_.sites(); ++m) {
      CAIRN_CHECK(again->CohortFor(m) == server_->CohortFor(m) &&
                      again->DeliveryFor(m) == server_->DeliveryFor(m) &&
                      again->SurvivorsFor(m) == server_->SurvivorsFor(m) &&
                      again->UnmaskRequestFor(m) == server_->UnmaskRequestFor(m),
                  "a replay gives the same messages");
    }
    server_ = std::move(again);
  }

  bool OpenSum() {
    if (server_->phase() != Phase::kUnmasking) return false;
    const bool could = server_->can_unmask();
    const std::vector<std::uint32_t> survivors = server_->u3();
    const auto work = server_->CloseUnmasking(OneAfterTheOther);
    CAIRN_CHECK(work.ok() == could, "can_unmask says so: nobody here deals other secrets than it advertised");
    if (!work.ok()) return false;
    std::vector<std::uint64_t> sum(World::kWords, 0), expected = sum;
    for (const std::uint32_t m : survivors) {
      if (vectors_[m].empty()) return false;  // its vector was a lie
      world_.AddTo(sum, vectors_[m]);
      world_.AddTo(expected, inputs_[m]);
    }
    world_.TakeOff(*work, sum);
    CAIRN_CHECK(sum == expected, "the sum is that of the survivors");
    return true;
  }

  World world_;
  std::unique_ptr<Server> server_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::vector<std::uint64_t>> inputs_, vectors_;  // by member; masked, once it is
  std::vector<std::function<Status(Server&)>> calls_;         // those that were taken
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices({data, size});
  Aggregator aggregator(Setting::From(choices));
  for (int step = 0; step < kMostSteps && !choices.done(); ++step) aggregator.Step(choices);
  aggregator.Finish();
  return 0;
}
