// Attempts under a network and machines that do what they like short of lying: sites vanish, crash before and
// after what they decided is on disk, messages come twice, late and in any order, the aggregator restarts
// from its records. Every attempt is the exact integer sum over U3, or ends without one.
//
//   CAIRN_SECAGG_RUNS=1000000  how many (default 20,000)
//   CAIRN_SECAGG_SEED=1234     only this one, told step by step
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <variant>

#include "privacy/secagg/shared/graph.h"
#include "tests/unit/privacy/secagg/secagg_script.h"

namespace cairn::secagg {
namespace {

constexpr std::uint64_t kRuns = 20'000;

struct Outcome {
  bool opened = false;
  Server::Phase ended = Server::Phase::kDone;  // the phase that could not be closed
  std::string fault;                           // what must never happen
};

struct ToSite {
  Member member = 0;
  ToClient message;
};
struct FromSite {
  Member member = 0;
  ToServer message;
};
using Letter = std::variant<ToSite, FromSite>;

template <class... F>
struct Visit : F... {
  using F::operator()...;
};

class ChaoticAttempt {
 public:
  ChaoticAttempt(std::uint64_t seed, bool talks)
      : talks_(talks), draw_(SeededRandom(seed).Open({Purpose::kTest, 1, 0, 0})), script_(Options(seed)) {
    const Member n = script_.options().n;
    // Rates of one attempt: a third of them lose nobody, a third many.
    const double loss = std::array{0.0, 0.03, 0.15}[draw_.Below(3)];
    for (double& rate : loss_) rate = loss * draw_.Uniform();
    crash_ = std::array{0.0, 0.02, 0.1}[draw_.Below(3)];
    repeat_ = std::array{0.0, 0.05, 0.2}[draw_.Below(3)];
    server_crash_ = std::array{0.0, 0.003, 0.01}[draw_.Below(3)];
    early_ = std::array{0.0, 0.02, 0.1}[draw_.Below(3)];
    alive_.assign(n, true);
    saved_.resize(n);
    lives_.assign(n, 0);
    sent_.resize(n);
  }

  Outcome Run() {
    auto server = script_.NewServer();
    if (!server.ok()) return Bug("terms: " + server.status().ToString());
    script_.server = std::move(*server);
    for (Member m = 0; m < script_.options().n; ++m) Begin(m);
    for (const Server::Phase phase : {Server::Phase::kAdverts, Server::Phase::kShares, Server::Phase::kInputs,
                                      Server::Phase::kAgreement}) {
      Pump();
      if (!fault_.empty()) return Bug(fault_);
      if (!Close(phase)) return Ended(phase);
    }
    Pump();
    if (!fault_.empty()) return Bug(fault_);
    const bool could = script_.server->can_unmask();
    const auto sum = script_.OpenSum();
    if (sum.has_value() != could) return Bug("can_unmask was wrong: " + script_.last_error.ToString());
    if (!sum) return Ended(Server::Phase::kUnmasking);
    if (*sum != script_.ExpectedSum()) return Bug("WRONG SUM");
    if (const std::string broken = BrokenFloor(); !broken.empty()) return Bug(broken);
    return {true, Server::Phase::kDone, {}};
  }

  std::string Describe() const {
    const auto& o = script_.options();
    return "n " + std::to_string(o.n) + ", k " + std::to_string(o.k) + ", t " + std::to_string(o.t) +
           ", ring " + std::to_string(static_cast<int>(o.ring)) + ", words " + std::to_string(o.length) +
           (o.keyed_hash ? ", keyed hash" : ", Ed25519 and X25519");
  }

 private:
  // Small attempts are cheap and have as many kinds of trouble, so large ones are rarer.
  SecAggScript::Options Options(std::uint64_t seed) {
    SecAggScript::Options o;
    const double size = draw_.Uniform();
    o.n = static_cast<Member>(3 + 30 * size * size * size);
    o.seed = seed;
    o.keyed_hash = seed % 10 != 0;
    o.ring = draw_.Below(2) == 0 ? Ring::k32 : Ring::k64;
    o.length = std::uint64_t{1} << draw_.Below(10);
    o.length += draw_.Below(o.length);
    o.length = std::min<std::uint64_t>(o.length, 512);
    o.min_cohort = static_cast<std::uint32_t>(3 + draw_.Below(std::min<std::uint64_t>(3, o.n - 2)));
    if (o.n >= 5 && draw_.Below(2) == 0) {
      o.k = static_cast<std::uint32_t>(2 * (1 + draw_.Below(std::min<std::uint64_t>((o.n - 1) / 2, 8))));
      const std::uint32_t least = 2 * o.k / 3 + 1;
      o.t = static_cast<std::uint32_t>(least + draw_.Below(o.k - least + 1));
    }
    return o;
  }

  bool Chance(double rate) { return draw_.Uniform() < rate; }
  void Say(const std::string& what) const {
    if (talks_) std::printf("  %s\n", what.c_str());
  }
  Outcome Bug(const std::string& what) const {
    return {false, script_.server ? script_.server->phase() : Server::Phase::kAdverts, what};
  }
  Outcome Ended(Server::Phase phase) {
    if (!fault_.empty()) return Bug(fault_);
    return {false, phase, {}};
  }
  void Expect(bool holds, const std::string& what) {
    if (!holds && fault_.empty()) fault_ = what;
  }

  // Sites.
  void Begin(Member m) {
    if (Chance(loss_[0])) {
      alive_[m] = false;
      return;
    }
    auto client = script_.NewClient(m);
    if (!client.ok()) return Expect(false, "begin: " + client.status().ToString());
    script_.clients[m] = std::move(*client);
    Persist(m);
    Send(m, script_.clients[m]->advert());
  }
  void Persist(Member m) { saved_[m] = script_.clients[m]->Save(); }
  void Crash(Member m) {
    Say("site " + std::to_string(m) + " crashes");
    auto restored = Client::Restore(saved_[m].Reveal(RevealSecret{}), script_.terms, script_.floors,
                                    script_.membership, m, script_.PrimitivesOf(m, ++lives_[m]));
    if (!restored.ok()) return Expect(false, "restore: " + restored.status().ToString());
    script_.clients[m] = std::move(*restored);
  }
  // What a site says of one kind, it says in the same bytes for ever.
  void Send(Member m, ToServer message) {
    std::optional<ToServer>& before = sent_[m][message.index()];
    Expect(!before || *before == message, "site " + std::to_string(m) + " changed what it said");
    before = message;
    letters_.push_back(FromSite{m, std::move(message)});
  }

  void Deliver(const ToSite& letter) {
    const Member m = letter.member;
    if (!alive_[m]) return;
    if (Chance(loss_[letter.message.index() + 1])) {
      Say("site " + std::to_string(m) + " is lost");
      alive_[m] = false;
      script_.clients[m].reset();
      return;
    }
    std::optional<ToServer> reply =
        std::visit([&](const auto& message) { return Answer(m, message); }, letter.message);
    Expect(script_.clients[m]->phase() != Client::Phase::kFailed,
           "an honest site gave up after message " + std::to_string(letter.message.index()));
    if (Chance(crash_)) {  // before it is on disk: nothing was sent
      Crash(m);
      if (!Chance(0.2)) letters_.push_back(letter);  // the aggregator says it again to who reconnects
      return;
    }
    Persist(m);
    if (Chance(crash_)) Crash(m);
    if (reply) Send(m, std::move(*reply));
  }

  template <class T>
  std::optional<ToServer> Take(Result<T> answer) {
    if (answer.ok()) return ToServer(std::move(*answer));
    ExpectRefusal(answer.status());
    return std::nullopt;
  }
  void ExpectRefusal(const Status& status) {
    const bool is_refusal = status.id() == errors::kSecAggMessage || status.id() == errors::kSecAggState ||
                            status.id() == errors::kSecAggMember;
    Expect(is_refusal, "unexpected: " + status.ToString());
  }
  std::optional<ToServer> Answer(Member m, const CohortMessage& message) {
    return Take(script_.clients[m]->OnCohort(message));
  }
  std::optional<ToServer> Answer(Member m, const DeliveryMessage& message) {
    Client& client = *script_.clients[m];
    const auto complaint = client.OnDelivery(message);
    if (!complaint.ok()) {
      ExpectRefusal(complaint.status());
      return std::nullopt;
    }
    Expect(!complaint->has_value(), "a complaint among honest sites");
    if (client.phase() == Client::Phase::kDelivered) {
      std::vector<std::uint64_t> words = script_.inputs[m];
      const Status status = script_.MaskWords(client, words);
      Expect(status.ok(), "mask: " + status.ToString());
      script_.masked[m] = std::move(words);
    }
    return Take(client.Masked(SecAggScript::ObjectOf(script_.masked[m]), script_.terms.byte_size()));
  }
  std::optional<ToServer> Answer(Member m, const SurvivorsMessage& message) {
    return Take(script_.clients[m]->OnSurvivors(message, {}));
  }
  std::optional<ToServer> Answer(Member m, const UnmaskRequest& message) {
    return Take(script_.clients[m]->OnUnmask(message));
  }

  // The aggregator.
  void Deliver(const FromSite& letter) {
    const auto call = [letter](Server& server) {
      const Member m = letter.member;
      return std::visit(Visit{[&](const Advert& x) { return server.OnAdvert(m, x); },
                              [&](const SharesMessage& x) { return server.OnShares(m, x); },
                              [&](const MaskedInput& x) { return server.OnMasked(m, x); },
                              [&](const AgreementMessage& x) { return server.OnAgreed(m, x); },
                              [&](const UnmaskMessage& x) { return server.OnUnmask(m, x); },
                              [&](const Complaint& x) { return server.OnComplaint(m, x); }},
                        letter.message);
    };
    const Status status = call(*script_.server);
    if (status.ok()) {
      records_.push_back(call);
    } else {
      ExpectRefusal(status);
    }
    if (Chance(server_crash_)) Replay();
  }
  void Replay() {
    Say("the aggregator restarts");
    auto made = script_.NewServer();
    std::unique_ptr<Server> again = std::move(*made);
    for (const auto& call : records_) Expect(call(*again).ok(), "a recorded call was refused");
    for (const Member m : Range(script_.options().n)) {
      const Server& old = *script_.server;
      Expect(old.CohortFor(m) == again->CohortFor(m) && old.DeliveryFor(m) == again->DeliveryFor(m) &&
                 old.SurvivorsFor(m) == again->SurvivorsFor(m) &&
                 old.UnmaskRequestFor(m) == again->UnmaskRequestFor(m),
             "a restarted aggregator says something else");
    }
    script_.server = std::move(again);
  }

  void Pump() {
    while (!letters_.empty() && fault_.empty()) {
      if (script_.server->can_close() && Chance(early_ / 8))
        return;  // the caller's patience; the rest comes late
      const std::size_t at = draw_.Below(letters_.size());
      std::swap(letters_[at], letters_.back());
      const Letter letter = std::move(letters_.back());
      letters_.pop_back();
      if (Chance(repeat_)) letters_.push_back(letter);
      std::visit([this](const auto& one) { Deliver(one); }, letter);
    }
  }

  bool Close(Server::Phase phase) {
    Server& server = *script_.server;
    const bool could = server.can_close();
    const auto call = [phase](Server& s) {
      switch (phase) {
        case Server::Phase::kAdverts:
          return s.CloseAdverts();
        case Server::Phase::kShares:
          return s.CloseShares();
        case Server::Phase::kInputs:
          return s.CloseInputs();
        default:
          return s.CloseAgreement();
      }
    };
    const Status status = call(server);
    Say("close " + std::to_string(static_cast<int>(phase)) + ": " + status.ToString());
    Expect(status.ok() == could, "can_close was wrong: " + status.ToString());
    if (!status.ok()) {
      Expect(status.id() == errors::kSecAggFloor, "abort by another error: " + status.ToString());
      return false;
    }
    records_.push_back(call);
    for (const Member m : server.u1()) {
      if (phase == Server::Phase::kAdverts) Post(m, server.CohortFor(m));
      if (phase == Server::Phase::kShares) Post(m, server.DeliveryFor(m));
      if (phase == Server::Phase::kInputs) Post(m, server.SurvivorsFor(m));
      if (phase == Server::Phase::kAgreement) Post(m, server.UnmaskRequestFor(m));
    }
    return true;
  }
  template <class T>
  void Post(Member m, std::optional<T> message) {
    if (message) letters_.push_back(ToSite{m, ToClient(std::move(*message))});
  }

  // Floors, worked out again without the server's counting.
  std::string BrokenFloor() const {
    const auto& o = script_.options();
    const std::size_t u1 = script_.server->u1().size(), u3 = script_.server->u3().size();
    if (u3 < o.min_cohort || 3 * u3 <= 2 * u1)
      return "a sum over " + std::to_string(u3) + " of " + std::to_string(u1);
    std::size_t answered = 0;
    for (const auto& sent : sent_) answered += sent[ToServer(UnmaskMessage{}).index()].has_value();
    const std::size_t t = o.k == 0 ? CompleteThreshold(u1) : o.t;
    return answered < t ? "opened with " + std::to_string(answered) + " answers" : "";
  }

  bool talks_;
  RandomStream draw_;
  SecAggScript script_;
  std::array<double, std::variant_size_v<ToClient> + 1> loss_{};
  double crash_ = 0, repeat_ = 0, server_crash_ = 0, early_ = 0;
  std::vector<bool> alive_;
  std::vector<SecretBytes> saved_;
  std::vector<std::uint32_t> lives_;
  std::vector<std::array<std::optional<ToServer>, std::variant_size_v<ToServer>>> sent_;
  std::vector<Letter> letters_;
  std::vector<std::function<Status(Server&)>> records_;
  std::string fault_;
};

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(AttemptsPropertyTest, EveryAttemptIsTheExactSumOrNone) {
  if (const std::uint64_t seed = FromEnvironment("CAIRN_SECAGG_SEED", ~std::uint64_t{0}); ~seed != 0) {
    ChaoticAttempt attempt(seed, true);
    std::printf("%s\n", attempt.Describe().c_str());
    const Outcome outcome = attempt.Run();
    EXPECT_EQ(outcome.fault, "");
    std::printf("%s\n", outcome.opened ? "opened" : "no sum");
    return;
  }
  const std::uint64_t runs = FromEnvironment("CAIRN_SECAGG_RUNS", kRuns);
  std::atomic<std::uint64_t> next{0};
  std::mutex mutex;
  std::uint64_t opened = 0;
  std::array<std::uint64_t, 5> ended{};
  std::vector<std::string> faults;
  const auto work = [&] {
    for (std::uint64_t seed = next++; seed < runs; seed = next++) {
      ChaoticAttempt attempt(seed, false);
      const Outcome outcome = attempt.Run();
      const std::lock_guard lock(mutex);
      if (!outcome.fault.empty()) {
        faults.push_back("CAIRN_SECAGG_SEED=" + std::to_string(seed) + " (" + attempt.Describe() +
                         "): " + outcome.fault);
      } else if (outcome.opened) {
        ++opened;
      } else {
        ++ended[static_cast<std::size_t>(outcome.ended)];
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(2u, std::thread::hardware_concurrency()); ++i)
      threads.emplace_back(work);
  }
  std::printf(
      "%llu attempts: %llu exact sums; ended without one in adverts %llu, shares %llu, inputs %llu, "
      "agreement %llu, unmasking %llu; %zu faults\n",
      static_cast<unsigned long long>(runs), static_cast<unsigned long long>(opened),
      static_cast<unsigned long long>(ended[0]), static_cast<unsigned long long>(ended[1]),
      static_cast<unsigned long long>(ended[2]), static_cast<unsigned long long>(ended[3]),
      static_cast<unsigned long long>(ended[4]), faults.size());
  for (std::size_t i = 0; i < std::min<std::size_t>(faults.size(), 10); ++i) ADD_FAILURE() << faults[i];
  EXPECT_TRUE(faults.empty());
  EXPECT_GT(opened, runs / 2) << "the property is about sums; few came out";
  if (runs >= kRuns) {
    for (const std::uint64_t count : ended) EXPECT_GT(count, 0u) << "a phase that no attempt ended in";
  }
}

}  // namespace
}  // namespace cairn::secagg
