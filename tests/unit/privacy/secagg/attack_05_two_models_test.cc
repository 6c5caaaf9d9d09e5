// Pitfall 5: different models to different sites (arXiv 2111.07380). The model's hash is in rc, so their
// sites share no key, no mask and no signature.
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

// Believes every signature: what is left when nobody checks them.
class Credulous final : public Primitives {
 public:
  explicit Credulous(std::unique_ptr<Primitives> honest) : honest_(std::move(honest)) {}
  void Fill(std::span<std::byte> out) override { honest_->Fill(out); }
  Signature Sign(std::span<const std::byte> message) override { return honest_->Sign(message); }
  bool Verifies(const VerifyKey&, std::span<const std::byte>, const Signature&) override { return true; }
  Result<SecretBytes> Derive(const Agreement& own, const AgreementPublic& peer) override {
    return honest_->Derive(own, peer);
  }

 private:
  std::unique_ptr<Primitives> honest_;
};

TEST(AttackTwoModelsTest, AnAdvertForAnotherModelDoesNotVerify) {
  SecAggScript script({.n = 5}), other({.n = 5});
  other.terms.model = Sha256::Of("a model made for site 4");
  script.Advertise();
  auto victim = *other.NewClient(4);
  EXPECT_TRUE(FailsWith((*script.NewServer())->OnAdvert(4, victim->advert()), errors::kSecAggMember));

  std::vector<std::pair<Member, Advert>> shown;
  for (const Member m : Range(4)) shown.emplace_back(m, script.clients[m]->advert());
  shown.emplace_back(4, victim->advert());
  const LyingAggregator to_the_others(script), to_the_victim(other);
  EXPECT_TRUE(FailsWith(script.clients[0]->OnCohort(to_the_others.MessageFor(to_the_others.Form(shown), 0)),
                        errors::kSecAggMember));
  EXPECT_TRUE(FailsWith(victim->OnCohort(to_the_victim.MessageFor(to_the_victim.Form(shown), 4)),
                        errors::kSecAggMember));
}

TEST(AttackTwoModelsTest, WithoutSignaturesTheirSharesStillDoNotOpen) {
  SecAggScript script({.n = 5}), other({.n = 5});
  other.terms.model = Sha256::Of("a model made for site 4");
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::pair<Member, Advert>> shown;
  for (const Member m : Range(5)) {
    const SecAggScript& told = m == 4 ? other : script;
    clients.push_back(*Client::Begin(told.terms, told.floors, told.membership, m,
                                     std::make_unique<Credulous>(told.PrimitivesOf(m))));
    shown.emplace_back(m, clients[m]->advert());
  }
  std::vector<SharesMessage> shares;
  for (const Member m : Range(5)) {
    const LyingAggregator liar(m == 4 ? other : script);
    auto dealt = clients[m]->OnCohort(liar.MessageFor(liar.Form(shown), m));
    ASSERT_TRUE(dealt.ok()) << dealt.status().ToString();
    shares.push_back(*dealt);
  }
  for (const Member m : Range(5)) {
    DeliveryMessage delivery;
    delivery.u2 = SiteSet::All(5);
    for (const Member owner : Range(5)) {
      SealedShare share = shares[owner].shares[m];
      share.peer = owner;
      delivery.shares.push_back(share);
    }
    const auto complaint = clients[m]->OnDelivery(delivery);
    ASSERT_TRUE(complaint.ok());
    ASSERT_TRUE(complaint->has_value()) << "member " << m;
    EXPECT_EQ((*complaint)->kind, ComplaintKind::kDoesNotOpen);
    EXPECT_EQ(clients[m]->phase(), Client::Phase::kFailed) << "nobody masks anything";
  }
}

}  // namespace
}  // namespace cairn::secagg
