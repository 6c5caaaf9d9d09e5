#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "aggregator/engine/actions.h"
#include "aggregator/engine/population.h"
#include "core/base/result.h"
#include "privacy/secagg/server/server.h"
#include "privacy/secagg/shared/party.h"

namespace cairn {

// Whom the aggregator's roster names, and who the aggregator is on it.
struct MaskingParts {
  std::shared_ptr<const secagg::Membership> membership;
  std::string roster;    // the signed file, for sites to check; empty in a simulation
  VerifyKey aggregator;  // whose private half signs
};

// Where a job's engine gets them. Outlives it.
class MaskingAuthority {
 public:
  virtual ~MaskingAuthority() = default;
  virtual Result<MaskingParts> Current() = 0;
  // Those of an attempt opened earlier, from the roster recorded with it.
  virtual Result<MaskingParts> From(const std::string& roster) = 0;
  virtual std::unique_ptr<secagg::Primitives> NewPrimitives(const RoundKey& key) = 0;
};

// The masking of one attempt as its round sees it: participants instead of roster members, and who is still
// waited for. Mechanism alone: when to close a phase is the round's decision. Not thread-safe.
class MaskedRound {
 public:
  struct Config {
    secagg::Terms terms;
    std::shared_ptr<const secagg::Membership> membership;
    std::unique_ptr<secagg::Primitives> primitives;
    const secagg::SeenKeys* seen = nullptr;  // keys of the job's earlier attempts; outlives the round
  };
  // kSecAggMember when an invited site is not on the roster.
  static Result<std::unique_ptr<MaskedRound>> Create(Config config, const std::vector<ClientId>& invited,
                                                     const Population& population);

  // A refused message changes nothing.
  Status Take(ClientId client, const secagg::ToServer& message);
  Status TakeInput(ClientId client, const secagg::MaskedInput& input);
  // A survivor that will not help to open this sum; it stays a survivor.
  void NoteRefusal(ClientId client) { refused_.insert(client); }
  bool has_refused(ClientId client) const { return refused_.contains(client); }
  bool is_any_refused() const { return !refused_.empty(); }
  bool is_hopeless() const;  // so many refused that those left cannot open it
  Status Close();            // the present phase; not kUnmasking
  Result<secagg::UnmaskWork> CloseUnmasking() { return server_->CloseUnmasking(); }

  using Phase = secagg::Server::Phase;
  Phase phase() const { return server_->phase(); }
  bool can_close() const {
    return phase() == Phase::kUnmasking ? server_->can_unmask() : server_->can_close();
  }
  const Sha256Digest& context() const { return context_; }
  const secagg::Terms& terms() const { return server_->terms(); }

  bool has_answered(ClientId client) const;  // what the present phase asks
  bool is_in(ClientId client) const;         // still part of the attempt as its last closed phase left it
  std::vector<ClientId> survivors() const;   // U3, ascending
  std::vector<std::pair<ClientId, secagg::MaskedInput>> inputs() const;
  // What the present phase tells this participant, in order; nothing where it has no part in it.
  std::vector<secagg::ToClient> MessagesFor(ClientId client) const;

  const std::vector<secagg::Advert>& adverts() const { return adverts_; }  // those taken
  // Blames since the last call, in words: "site-c sent a wrong share".
  std::vector<std::string> TakeBlames();

 private:
  MaskedRound() = default;
  std::uint32_t MemberOf(ClientId client) const { return members_.at(client); }
  Status ClosePhase();
  void ListPresent();

  std::unique_ptr<secagg::Server> server_;
  std::shared_ptr<const secagg::Membership> membership_;
  Sha256Digest context_;
  std::map<ClientId, std::uint32_t> members_;
  std::map<std::uint32_t, ClientId> clients_;
  std::map<ClientId, secagg::MaskedInput> inputs_;
  std::set<ClientId> present_;   // whom the present phase is about; asked with every message, so kept
  std::set<ClientId> answered_;  // in the present phase
  std::set<ClientId> refused_;   // of the survivors
  std::vector<secagg::Advert> adverts_;
  std::size_t told_blames_ = 0;
};

}  // namespace cairn
