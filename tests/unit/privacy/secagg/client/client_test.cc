#include "privacy/secagg/client/client.h"

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

// Sites brought to a phase.
void BringTo(SecAggScript& script, Client::Phase phase) {
  using Phase = Client::Phase;
  script.Advertise();
  if (phase >= Phase::kShared) script.Share();
  if (phase == Phase::kDelivered) {
    EXPECT_TRUE(script.clients[0]->OnDelivery(*script.server->DeliveryFor(0)).ok());
    return;
  }
  if (phase >= Phase::kMasked) script.Mask();
  if (phase >= Phase::kDecided) script.Agree();
  if (phase >= Phase::kAnswered) script.Unmask();
}

class ClientPhaseTest : public testing::TestWithParam<Client::Phase> {
 protected:
  ClientPhaseTest() { BringTo(script, GetParam()); }
  Result<std::unique_ptr<Client>> Restore(std::span<const std::byte> bytes) {
    return Client::Restore(bytes, script.terms, script.floors, script.membership, 0,
                           script.PrimitivesOf(0, 1));
  }
  SecAggScript script{{.n = 5}};
};

TEST_P(ClientPhaseTest, StateIsTheSameAfterReadingIt) {
  ASSERT_EQ(script.clients[0]->phase(), GetParam());
  const SecretBytes saved = script.clients[0]->Save();
  const auto restored = Restore(saved.Reveal(RevealSecret{}));
  ASSERT_TRUE(restored.ok()) << restored.status().ToString();
  EXPECT_EQ((*restored)->phase(), GetParam());
  EXPECT_EQ((*restored)->survivors(), script.clients[0]->survivors());
  EXPECT_TRUE((*restored)->Save() == saved);
}

TEST_P(ClientPhaseTest, StateCutShortOrWithMoreBehindItIsRefused) {
  const SecretBytes saved = script.clients[0]->Save();
  const std::span<const std::byte> bytes = saved.Reveal(RevealSecret{});
  for (std::size_t size = 0; size < bytes.size(); size += size < 200 ? 1 : 37) {
    EXPECT_TRUE(FailsWith(Restore(bytes.first(size)), errors::kSecAggState));
  }
  Bytes longer(bytes.begin(), bytes.end());
  longer.push_back(std::byte{0});
  EXPECT_TRUE(FailsWith(Restore(longer), errors::kSecAggState));
}

TEST_P(ClientPhaseTest, FlippedBitsAreRefusedOrReadAndNeverWorse) {
  const SecretBytes saved = script.clients[0]->Save();
  const std::span<const std::byte> bytes = saved.Reveal(RevealSecret{});
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes damaged(bytes.begin(), bytes.end());
    damaged[at] ^= static_cast<std::byte>(1u << (at % 8));
    (void)Restore(damaged);
  }
}

TEST_P(ClientPhaseTest, StateIsOfOneSiteAndOneAttempt) {
  const SecretBytes saved = script.clients[0]->Save();
  EXPECT_TRUE(FailsWith(Client::Restore(saved.Reveal(RevealSecret{}), script.terms, script.floors,
                                        script.membership, 1, script.PrimitivesOf(1)),
                        errors::kSecAggState));
  script.terms.attempt = 2;
  EXPECT_TRUE(FailsWith(Restore(saved.Reveal(RevealSecret{})), errors::kSecAggState));
}

TEST_P(ClientPhaseTest, WhatIsNotDueIsRefusedAndChangesNothing) {
  SecAggScript rest({.n = 5});
  BringTo(rest, Client::Phase::kAnswered);
  using Phase = Client::Phase;
  const Phase phase = GetParam();
  Client& client = *script.clients[0];
  const SecretBytes before = client.Save();
  if (phase < Phase::kShared) {
    EXPECT_TRUE(FailsWith(client.OnDelivery(*rest.server->DeliveryFor(0)), errors::kSecAggMessage));
  }
  if (phase < Phase::kMasked) {
    EXPECT_TRUE(FailsWith(client.OnSurvivors(*rest.server->SurvivorsFor(0), {}), errors::kSecAggMessage));
  }
  if (phase < Phase::kDecided) {
    EXPECT_TRUE(FailsWith(client.OnUnmask(*rest.server->UnmaskRequestFor(0)), errors::kSecAggMessage));
  }
  if (phase != Phase::kDelivered) {
    std::vector<std::uint64_t> words = script.inputs[0];
    EXPECT_FALSE(script.MaskWords(client, words).ok());
    EXPECT_EQ(words, script.inputs[0]);
  }
  if (phase < Phase::kDelivered) {
    EXPECT_TRUE(FailsWith(client.Masked({}, script.terms.byte_size()), errors::kSecAggMessage));
  }
  EXPECT_TRUE(client.Save() == before);
}

INSTANTIATE_TEST_SUITE_P(Phases, ClientPhaseTest,
                         testing::Values(Client::Phase::kAdvertised, Client::Phase::kShared,
                                         Client::Phase::kDelivered, Client::Phase::kMasked,
                                         Client::Phase::kDecided, Client::Phase::kAnswered),
                         [](const auto& one) {
                           return "Phase" + std::to_string(static_cast<int>(one.param));
                         });

TEST(ClientTest, AFailedSiteStaysFailed) {
  SecAggScript script({.n = 5});
  script.Advertise();
  CohortMessage bad = *script.server->CohortFor(0);
  bad.signature = {};
  EXPECT_TRUE(FailsWith(script.clients[0]->OnCohort(bad), errors::kSecAggMember));
  script.Restart(0);
  EXPECT_EQ(script.clients[0]->phase(), Client::Phase::kFailed);
  EXPECT_TRUE(FailsWith(script.clients[0]->OnCohort(*script.server->CohortFor(0)), errors::kSecAggState));
  EXPECT_FALSE(SiteState(*script.clients[0]).advertised->has_secrets());
}

}  // namespace
}  // namespace cairn::secagg
