#include "aggregator/engine/masked_round.h"

#include <algorithm>

#include "core/base/check.h"
#include "privacy/secagg/shared/graph.h"

namespace cairn {
namespace {

std::string WordsOf(const secagg::Blame& blame, const secagg::Membership& membership) {
  const auto name = [&](std::uint32_t member) {
    const auto* known = membership.Find(member);
    return known == nullptr ? "member " + std::to_string(member) : known->name;
  };
  using Kind = secagg::Blame::Kind;
  const std::string accused = name(blame.accused);
  switch (blame.kind) {
    case Kind::kWrongShare:
      return accused + " revealed a share that is not the one it was given";
    case Kind::kWrongDealer:
      return accused + " dealt shares that do not make its secret";
    case Kind::kComplaint:
      return accused + " is accused of a bad share by " + (blame.second ? name(*blame.second) : "a site") +
             ": one of the two is wrong";
    case Kind::kTwoAdverts:
      return accused + " signed two adverts for one attempt";
    case Kind::kTwoInputs:
      return accused + " signed two masked inputs for one attempt";
    case Kind::kTwoDecisions:
      return accused + " signed two sets of survivors for one attempt";
  }
  return accused;
}

}  // namespace

Result<std::unique_ptr<MaskedRound>> MaskedRound::Create(Config config, const std::vector<ClientId>& invited,
                                                         const Population& population) {
  std::unique_ptr<MaskedRound> round(new MaskedRound());
  for (const ClientId client : invited) {
    const std::optional<std::uint32_t> member = config.membership->IndexOf(population.site(client));
    if (!member.has_value()) {
      return Status(errors::kSecAggMember, population.site(client) + " is not on version " +
                                               std::to_string(config.membership->version) + " of the roster");
    }
    round->members_[client] = *member;
    round->clients_[*member] = client;
  }
  round->membership_ = config.membership;
  round->context_ = secagg::RoundContext(config.terms);
  const std::uint32_t floor = config.terms.n_min;
  CAIRN_ASSIGN_OR_RETURN(round->server_,
                         secagg::Server::Begin(std::move(config.terms), floor, config.membership,
                                               std::move(config.primitives), config.seen));
  round->ListPresent();
  return round;
}

Status MaskedRound::Take(ClientId client, const secagg::ToServer& message) {
  const std::uint32_t member = MemberOf(client);
  const Phase before = phase();
  const auto taken = [&](Phase of, Status status) {
    if (status.ok() && before == of) answered_.insert(client);
    return status;
  };
  if (const auto* advert = std::get_if<secagg::Advert>(&message)) {
    const bool is_new = !answered_.contains(client);
    const Status status = taken(Phase::kAdverts, server_->OnAdvert(member, *advert));
    if (status.ok() && before == Phase::kAdverts && is_new) adverts_.push_back(*advert);
    return status;
  }
  if (const auto* shares = std::get_if<secagg::SharesMessage>(&message))
    return taken(Phase::kShares, server_->OnShares(member, *shares));
  if (const auto* complaint = std::get_if<secagg::Complaint>(&message))
    return server_->OnComplaint(member, *complaint);
  if (const auto* agreed = std::get_if<secagg::AgreementMessage>(&message))
    return taken(Phase::kAgreement, server_->OnAgreed(member, *agreed));
  if (const auto* unmask = std::get_if<secagg::UnmaskMessage>(&message))
    return taken(Phase::kUnmasking, server_->OnUnmask(member, *unmask));
  return Status(errors::kSecAggMessage, "a masked input came without its vector");
}

Status MaskedRound::TakeInput(ClientId client, const secagg::MaskedInput& input) {
  CAIRN_RETURN_IF_ERROR(server_->OnMasked(MemberOf(client), input));
  inputs_[client] = input;
  answered_.insert(client);
  return {};
}

// Of a regular graph a bound: its sites ask for as many signatures each, of their neighbours alone.
bool MaskedRound::is_hopeless() const {
  if (phase() != Phase::kAgreement && phase() != Phase::kUnmasking) return false;
  const std::size_t needed =
      terms().k == 0 ? secagg::CompleteThreshold(server_->u1().size()) : std::size_t{terms().t};
  return server_->u3().size() < needed + refused_.size();
}

Status MaskedRound::Close() {
  answered_.clear();
  const Status closed = ClosePhase();
  ListPresent();
  return closed;
}

Status MaskedRound::ClosePhase() {
  switch (phase()) {
    case Phase::kAdverts:
      return server_->CloseAdverts();
    case Phase::kShares:
      return server_->CloseShares();
    case Phase::kInputs:
      return server_->CloseInputs();
    case Phase::kAgreement:
      return server_->CloseAgreement();
    case Phase::kUnmasking:
    case Phase::kDone:
    case Phase::kFailed:
      break;
  }
  return Status(errors::kSecAggState, "there is no phase to close");
}

bool MaskedRound::has_answered(ClientId client) const { return answered_.contains(client); }

void MaskedRound::ListPresent() {
  present_.clear();
  const auto list = [this](const std::vector<std::uint32_t>& members) {
    for (const std::uint32_t member : members) present_.insert(clients_.at(member));
  };
  switch (phase()) {
    case Phase::kAdverts:
      for (const auto& [client, member] : members_) present_.insert(client);
      return;
    case Phase::kShares:
      return list(server_->u1());
    case Phase::kInputs:
      return list(server_->u2());
    case Phase::kAgreement:
    case Phase::kUnmasking:
    case Phase::kDone:
      return list(server_->u3());
    case Phase::kFailed:
      return;
  }
}

bool MaskedRound::is_in(ClientId client) const {
  return phase() != Phase::kFailed && present_.contains(client);
}

std::vector<ClientId> MaskedRound::survivors() const {
  std::vector<ClientId> clients;
  for (const std::uint32_t member : server_->u3()) clients.push_back(clients_.at(member));
  std::ranges::sort(clients);
  return clients;
}

std::vector<std::pair<ClientId, secagg::MaskedInput>> MaskedRound::inputs() const {
  return {inputs_.begin(), inputs_.end()};
}

std::vector<secagg::ToClient> MaskedRound::MessagesFor(ClientId client) const {
  const std::uint32_t member = MemberOf(client);
  std::vector<secagg::ToClient> messages;
  const auto add = [&messages](auto message) {
    if (message.has_value()) messages.emplace_back(std::move(*message));
  };
  switch (phase()) {
    case Phase::kShares:
      add(server_->CohortFor(member));
      break;
    case Phase::kInputs:
      add(server_->DeliveryFor(member));
      break;
    case Phase::kAgreement:
      add(server_->SurvivorsFor(member));
      break;
    case Phase::kUnmasking:  // a site that was away may not know the set yet
      add(server_->SurvivorsFor(member));
      add(server_->UnmaskRequestFor(member));
      break;
    case Phase::kAdverts:
    case Phase::kDone:
    case Phase::kFailed:
      break;
  }
  return messages;
}

std::vector<std::string> MaskedRound::TakeBlames() {
  std::vector<std::string> words;
  const auto& blames = server_->blames();
  for (; told_blames_ < blames.size(); ++told_blames_)
    words.push_back(WordsOf(blames[told_blames_], *membership_));
  return words;
}

}  // namespace cairn
