#include "tests/fuzz/secagg_world.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/check.h"

namespace cairn::secagg::fuzz {
namespace {

constexpr std::uint64_t kSeed = 1;

// Uses another's primitives, which go on when it ends.
class LentPrimitives final : public Primitives {
 public:
  explicit LentPrimitives(Primitives& lender) : lender_(lender) {}
  void Fill(std::span<std::byte> out) override { lender_.Fill(out); }
  Signature Sign(std::span<const std::byte> message) override { return lender_.Sign(message); }
  bool Verifies(const VerifyKey& key, std::span<const std::byte> message,
                const Signature& signature) override {
    return lender_.Verifies(key, message, signature);
  }
  Result<SecretBytes> Derive(const Agreement& own, const AgreementPublic& peer) override {
    return lender_.Derive(own, peer);
  }

 private:
  Primitives& lender_;
};

Terms TermsOf(const Setting& setting, const Membership& membership) {
  Terms terms;
  terms.federation = "hospitals";
  terms.job = 7;
  terms.manifest = Sha256::Of("manifest");
  terms.roster_version = membership.version;
  terms.roster = membership.hash;
  terms.aggregator = KeyedHashKey(kSeed, World::kAggregator);
  terms.round = 1;
  terms.attempt = 1;
  terms.model = Sha256::Of("model");
  terms.architecture = Sha256::Of("architecture");
  terms.sections = {{"parameters", World::kWords - 4, 0, 0, World::kBound}, {"check", 4, 0, 0, 1}};
  terms.ring = setting.wide ? Ring::k64 : Ring::k32;
  terms.weight_cap = 1;
  if (setting.regular) terms.k = 4, terms.t = 3;
  terms.n_min = setting.regular ? 5 : 3;
  terms.n_max = setting.sites();
  return terms;
}

template <class Word, class Use>
auto InWords(std::vector<std::uint64_t>& words, Use use) {
  std::vector<Word> narrow(words.begin(), words.end());
  struct Back {
    std::vector<std::uint64_t>& wide;
    std::vector<Word>& narrow;
    ~Back() { wide.assign(narrow.begin(), narrow.end()); }
  } back{words, narrow};
  return use(std::span<Word>(narrow));
}

}  // namespace

std::uint8_t Choices::Next() {
  if (rest_.empty()) return 0;
  const std::uint8_t next = rest_.front();
  rest_ = rest_.subspan(1);
  return next;
}

Setting Setting::From(Choices& choices) {
  const std::uint8_t bits = choices.Next();
  return {(bits & 1) != 0, (bits & 2) != 0};
}

World::World(const Setting& setting) : setting_(setting) {
  auto roster = std::make_shared<Membership>();
  for (std::uint32_t m = 0; m < sites(); ++m) {
    roster->members.push_back({"site-" + std::to_string(m), KeyedHashKey(kSeed, m), true});
  }
  roster->version = 3;
  roster->hash = Sha256::Of("roster");
  membership_ = std::move(roster);
  floors_.min_cohort = 3;
  floors_.graph = {0, 0, 1};  // so that a handful of sites can make a regular graph
  terms_ = TermsOf(setting, *membership_);
  context_ = RoundContext(terms_);
  for (std::uint32_t m = 0; m < sites(); ++m) {
    parties_.push_back(NewKeyedHashPrimitives({kSeed, m, terms_.attempt, 0}));
  }
  parties_.push_back(NewKeyedHashPrimitives({kSeed, kAggregator, terms_.attempt, 0}));
}

Primitives& World::Of(std::uint32_t party) { return *parties_[std::min(party, sites())]; }
std::unique_ptr<Primitives> World::LentTo(std::uint32_t party) {
  return std::make_unique<LentPrimitives>(Of(party));
}
Signature World::SignAs(std::uint32_t party, const Bytes& message) { return Of(party).Sign(message); }

std::unique_ptr<Client> World::NewClient(std::uint32_t member) {
  auto client = Client::Begin(terms_, floors_, membership_, member, LentTo(member));
  CAIRN_CHECK(client.ok(), "the terms are good");
  return std::move(*client);
}

Result<std::unique_ptr<Client>> World::RestoreClient(std::uint32_t member, std::span<const std::byte> saved) {
  return Client::Restore(saved, terms_, floors_, membership_, member, LentTo(member));
}

Result<std::unique_ptr<Client>> World::RestoreTwin(std::uint32_t member,
                                                   std::span<const std::byte> saved) const {
  return Client::Restore(saved, terms_, floors_, membership_, member,
                         NewKeyedHashPrimitives({kSeed, member, terms_.attempt, 1}));
}

std::unique_ptr<Server> World::NewServer() {
  auto server = Server::Begin(terms_, floors_, membership_, LentTo(kAggregator));
  CAIRN_CHECK(server.ok(), "the terms are good");
  return std::move(*server);
}

std::vector<std::uint64_t> World::InputOf(std::uint32_t tag) const {
  std::vector<std::uint64_t> words;
  for (std::uint64_t i = 0; i + 4 < kWords; ++i) words.push_back((tag * 211 + i * 97) % (kBound + 1));
  words.insert(words.end(), 4, 1);
  return words;
}

Status World::Mask(Client& client, std::vector<std::uint64_t>& words) const {
  if (setting_.wide) return client.Mask(std::span<std::uint64_t>(words));
  return InWords<std::uint32_t>(words, [&](std::span<std::uint32_t> narrow) { return client.Mask(narrow); });
}

void World::TakeOff(const UnmaskWork& work, std::vector<std::uint64_t>& words) const {
  if (setting_.wide) return Unmask(work, 0, std::span<std::uint64_t>(words));
  InWords<std::uint32_t>(words, [&](std::span<std::uint32_t> narrow) { Unmask(work, 0, narrow); });
}

void World::AddTo(std::vector<std::uint64_t>& sum, const std::vector<std::uint64_t>& words) const {
  for (std::size_t i = 0; i < sum.size(); ++i) {
    sum[i] += words[i];
    if (!setting_.wide) sum[i] &= 0xffffffffu;
  }
}

}  // namespace cairn::secagg::fuzz
