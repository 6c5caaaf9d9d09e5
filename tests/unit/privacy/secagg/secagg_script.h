#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "privacy/secagg/client/client.h"
#include "privacy/secagg/server/server.h"
#include "privacy/secagg/shared/grid.h"
#include "privacy/secagg/shared/simulated_primitives.h"

namespace cairn::secagg {

using Member = std::uint32_t;
using Members = std::vector<Member>;

inline Members Range(Member n) {
  Members result(n);
  std::iota(result.begin(), result.end(), 0);
  return result;
}
inline Members Without(Members from, const Members& these) {
  std::erase_if(from, [&](Member m) { return std::find(these.begin(), these.end(), m) != these.end(); });
  return from;
}

// One attempt played by hand: all sites and the aggregator, no network. Members are named by their index, and
// a step takes those who do it; the others are silent. What a test wants to be wrong it does itself, between
// two steps.
//
//   SecAggScript script({.n = 5});
//   script.Advertise(); script.Share(); script.Mask(Without(Range(5), {2})); script.Agree(); script.Unmask();
//   EXPECT_EQ(script.OpenSum(), script.ExpectedSum());
class SecAggScript {
 public:
  struct Options {
    Member n = 5;
    std::uint32_t k = 0, t = 0;  // 0: complete graph
    Ring ring = Ring::k32;
    std::uint64_t length = 16;  // words, four counts more behind them
    std::uint32_t min_cohort = 3;
    std::uint32_t least_survivors = 0;
    std::uint32_t n_min = 3;
    std::uint32_t job_members = 0;
    std::uint64_t round = 1;
    std::uint32_t attempt = 1;
    std::uint64_t seed = 1;
    bool keyed_hash = false;
    bool remembers = true;  // what the parties of a process need not compute twice
  };
  static constexpr std::uint64_t kBound = 1000;
  static constexpr Member kAggregator = 1'000'000;  // its stream's name; no member

  explicit SecAggScript(Options options) : options_(options) {
    auto roster = std::make_shared<Membership>();
    for (Member m = 0; m < options.n; ++m) {
      if (!options.keyed_hash) keys_.push_back(std::make_unique<SigningKey>(KeyOf(m)));
      roster->members.push_back({"site-" + std::to_string(m), VerifyKeyOf(m), true});
    }
    if (!options.remembers) memory_.reset();
    if (!options.keyed_hash) aggregator_key_ = std::make_unique<SigningKey>(KeyOf(kAggregator));
    roster->version = 3;
    roster->hash = Sha256::Of("roster 3");
    membership = std::move(roster);
    floors.min_cohort = options.min_cohort;
    floors.least_survivors = options.least_survivors;
    floors.job_members = options.job_members;
    floors.graph = {0, 0, 1};  // so that a handful of sites can make a regular graph
    terms = MakeTerms();
    const RandomStream draws = SeededRandom(options.seed).Open({Purpose::kTest, 0, 0, 0});
    RandomStream stream = draws;
    for (Member m = 0; m < options.n; ++m) {
      std::vector<std::uint64_t> input;
      for (std::uint64_t i = 0; i < options.length; ++i) input.push_back(stream.Below(kBound + 1));
      input.insert(input.end(), 4, 1);
      inputs.push_back(std::move(input));
    }
    clients.resize(options.n);
    lives_.resize(options.n, 0);
    masked.resize(options.n);
  }

  Terms MakeTerms() const {
    Terms result;
    result.federation = "hospitals";
    result.job = 7;
    result.manifest = Sha256::Of("manifest");
    result.roster_version = membership->version;
    result.roster = membership->hash;
    result.aggregator = VerifyKeyOf(kAggregator);
    result.round = options_.round;
    result.attempt = options_.attempt;
    result.model = Sha256::Of("model");
    result.architecture = Sha256::Of("architecture");
    result.sections = {{"parameters", options_.length, 0, 0, kBound}, {"check", 4, 0, 0, 1}};
    result.ring = options_.ring;
    result.weight_cap = 1;
    result.k = options_.k;
    result.t = options_.t;
    result.n_min = std::max({options_.n_min, options_.min_cohort, options_.k == 0 ? 0 : options_.k + 1});
    result.n_max = std::max<std::uint32_t>(options_.n, result.n_min);
    return result;
  }

  // Parties.
  std::unique_ptr<Primitives> PrimitivesOf(Member m, std::uint32_t life = 0) const {
    const SimulatedParty party{options_.seed, m, options_.attempt, life};
    if (options_.keyed_hash) return NewKeyedHashPrimitives(party);
    return NewSimulatedPrimitives(party, m == kAggregator ? *aggregator_key_ : *keys_[m], memory_);
  }
  Result<std::unique_ptr<Client>> NewClient(Member m, const SeenKeys* seen = nullptr) const {
    return Client::Begin(terms, floors, membership, m, PrimitivesOf(m), seen);
  }
  Result<std::unique_ptr<Server>> NewServer(const SeenKeys* seen = nullptr) const {
    return Server::Begin(terms, floors, membership, PrimitivesOf(kAggregator), seen);
  }
  // The site's process dies; what it saved last is all there is.
  void Restart(Member m) {
    const SecretBytes saved = clients[m]->Save();
    auto restored = Client::Restore(saved.Reveal(RevealSecret{}), terms, floors, membership, m,
                                    PrimitivesOf(m, ++lives_[m]));
    ASSERT_TRUE(restored.ok()) << restored.status().ToString();
    clients[m] = std::move(*restored);
  }

  // Steps.
  void Advertise(const Members& who) {
    auto made = NewServer();
    ASSERT_TRUE(made.ok()) << made.status().ToString();
    server = std::move(*made);
    for (const Member m : who) {
      auto client = NewClient(m);
      ASSERT_TRUE(client.ok()) << client.status().ToString();
      clients[m] = std::move(*client);
      ExpectOk(server->OnAdvert(m, clients[m]->advert()));
    }
    ExpectOk(server->CloseAdverts());
  }
  void Advertise() { Advertise(Range(options_.n)); }

  void Share(const Members& who) {
    for (const Member m : who) {
      const auto shares = clients[m]->OnCohort(*server->CohortFor(m));
      ASSERT_TRUE(shares.ok()) << shares.status().ToString();
      ExpectOk(server->OnShares(m, *shares));
    }
    ExpectOk(server->CloseShares());
  }
  void Share() { Share(server->u1()); }

  // One site opens its delivery, masks its input and keeps it.
  Result<MaskedInput> MaskInput(Member m) {
    CAIRN_ASSIGN_OR_RETURN(const auto complaint, clients[m]->OnDelivery(*server->DeliveryFor(m)));
    EXPECT_FALSE(complaint.has_value());
    masked[m] = inputs[m];
    CAIRN_RETURN_IF_ERROR(MaskWords(*clients[m], masked[m]));
    return clients[m]->Masked(ObjectOf(masked[m]), terms.byte_size());
  }
  void Mask(const Members& who) {
    for (const Member m : who) {
      const auto input = MaskInput(m);
      ASSERT_TRUE(input.ok()) << input.status().ToString();
      ExpectOk(server->OnMasked(m, *input));
    }
    ExpectOk(server->CloseInputs());
  }
  void Mask() { Mask(server->u2()); }

  void Agree(const Members& who) {
    for (const Member m : who) {
      const auto agreed = clients[m]->OnSurvivors(*server->SurvivorsFor(m), sums);
      ASSERT_TRUE(agreed.ok()) << agreed.status().ToString();
      ExpectOk(server->OnAgreed(m, *agreed));
    }
    ExpectOk(server->CloseAgreement());
  }
  void Agree() { Agree(server->u3()); }

  void Unmask(const Members& who) {
    for (const Member m : who) {
      const auto answer = clients[m]->OnUnmask(*server->UnmaskRequestFor(m));
      ASSERT_TRUE(answer.ok()) << answer.status().ToString();
      ExpectOk(server->OnUnmask(m, *answer));
    }
  }
  void Unmask() { Unmask(server->u3()); }

  // The sum the aggregator opens; nothing when it cannot.
  std::optional<std::vector<std::uint64_t>> OpenSum() {
    const Result<UnmaskWork> work = server->CloseUnmasking();
    last_error = work.status();
    if (!work.ok()) return std::nullopt;
    std::vector<std::uint64_t> sum(terms.words(), 0);
    for (const Member m : server->u3()) Accumulate(masked[m], sum);
    TakeOff(*work, sum);
    return sum;
  }
  std::vector<std::uint64_t> ExpectedSum() const {
    std::vector<std::uint64_t> sum(terms.words(), 0);
    for (const Member m : server->u3()) Accumulate(inputs[m], sum);
    return sum;
  }

  // Words are kept as 64 bits whatever the ring.
  Status MaskWords(Client& client, std::vector<std::uint64_t>& words) const {
    if (options_.ring == Ring::k64) return client.Mask(std::span<std::uint64_t>(words));
    std::vector<std::uint32_t> narrow(words.begin(), words.end());
    const Status status = client.Mask(std::span<std::uint32_t>(narrow));
    std::copy(narrow.begin(), narrow.end(), words.begin());
    return status;
  }
  void TakeOff(const UnmaskWork& work, std::vector<std::uint64_t>& words) const {
    if (options_.ring == Ring::k64) return secagg::Unmask(work, 0, std::span<std::uint64_t>(words));
    std::vector<std::uint32_t> narrow(words.begin(), words.end());
    secagg::Unmask(work, 0, std::span<std::uint32_t>(narrow));
    std::copy(narrow.begin(), narrow.end(), words.begin());
  }
  void Accumulate(const std::vector<std::uint64_t>& from, std::vector<std::uint64_t>& into) const {
    for (std::size_t i = 0; i < into.size(); ++i) {
      into[i] += from[i];
      if (options_.ring == Ring::k32) into[i] &= 0xffffffffu;
    }
  }
  static Sha256Digest ObjectOf(const std::vector<std::uint64_t>& words) {
    return Sha256::Of(std::as_bytes(std::span(words)));
  }

  // Signs as the aggregator (kAggregator) or a site would, for scripted liars.
  Signature SignAs(Member m, const Bytes& message) const { return PrimitivesOf(m)->Sign(message); }

  Terms terms;
  Floors floors;
  std::shared_ptr<const Membership> membership;
  std::unique_ptr<Server> server;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::vector<std::uint64_t>> inputs, masked;
  SumMemory sums;
  Status last_error;

  const Options& options() const { return options_; }

 private:
  static void ExpectOk(const Status& status) { EXPECT_TRUE(status.ok()) << status.ToString(); }
  static SigningKey KeyOf(Member m) {
    const Sha256Digest seed = Sha256::Of("signing key of " + std::to_string(m));
    return SigningKey::FromSeed(std::span<const std::byte, 32>(seed.bytes));
  }
  VerifyKey VerifyKeyOf(Member m) const {
    if (options_.keyed_hash) return KeyedHashKey(options_.seed, m);
    return m == kAggregator ? KeyOf(m).verify_key() : keys_[m]->verify_key();
  }

  Options options_;
  std::vector<std::unique_ptr<SigningKey>> keys_;  // borrowed by primitives
  std::unique_ptr<SigningKey> aggregator_key_;
  std::shared_ptr<SimulatedMemory> memory_ = std::make_shared<SimulatedMemory>();  // of all parties
  std::vector<std::uint32_t> lives_;
};

inline testing::AssertionResult FailsWith(const Status& status, ErrorId error) {
  if (status.id() == error) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "expected " << ToString(error) << ", got " << status.ToString();
}
template <class T>
testing::AssertionResult FailsWith(const Result<T>& result, ErrorId error) {
  return FailsWith(result.status(), error);
}

}  // namespace cairn::secagg
