#include "cli/cairn/join_state.h"

#include <gtest/gtest.h>

#include "client/policy/client_config.h"
#include "core/runtime/files.h"
#include "privacy/crypto/certificate_authority.h"
#include "privacy/crypto/private_file.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class JoinStateTest : public testing::Test {
 protected:
  void SetUp() override {
    ca_.emplace(CertificateAuthority::Create(folder_.path() / "ca", "heartnet", {}, now_).value());
    issuer_.emplace(CertificateIssuer::Open(folder_.path() / "ca" / "issuer").value());
  }

  fs::path state() const { return folder_.path() / "state"; }
  SecretBytes NewLine() const {
    return FormatInvite(issuer_->IssueInvite({"localhost", 8443}, "site-a", PeerRole::kSite, now_).value());
  }
  JoinState Open(const SecretBytes& line) const {
    auto join = JoinState::Open(state(), line);
    EXPECT_TRUE(join.ok()) << join.status().ToString();
    return *std::move(join);
  }
  // What an honest centre answers; tests bend it.
  EnrolAnswer Approve(const JoinState& join, std::uint64_t version = 1) const {
    Roster roster{"heartnet", version, now_ + 24h, {}};
    roster.Put({"site-a", PeerRole::kSite, join.signing_key.verify_key(), join.tls_key.public_key().hash(),
                MemberState::kActive});
    return Answer(join.tls_key.public_key(), roster, "site-a");
  }
  EnrolAnswer Answer(const PublicKey& key, const Roster& roster, const std::string& name) const {
    EnrolAnswer answer;
    answer.state = EnrolState::kApproved;
    answer.certificate_chain_pem = issuer_->IssueMember(key, name, PeerRole::kSite, now_)->ToPem();
    answer.roster = AsText(ca_->Sign(roster).value());
    answer.root_pem = ca_->root().ToPem();
    return answer;
  }
  Result<Membership> Check(const JoinState& join, const EnrolAnswer& answer) const {
    return CheckApproval(join, answer, issuer_->chain(), ca_->root(), now_);
  }

  TempFolder folder_ = TempFolder::Create(fs::temp_directory_path()).value();
  UnixTime now_ = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};
  std::optional<CertificateAuthority> ca_;
  std::optional<CertificateIssuer> issuer_;
};

TEST_F(JoinStateTest, SameInviteKeepsItsKeysAnotherGetsNewOnes) {
  const SecretBytes line = NewLine();
  const JoinState first = Open(line), again = Open(line), bare = Open({}), other = Open(NewLine());
  EXPECT_FALSE(first.is_continued);
  EXPECT_TRUE(again.is_continued);
  EXPECT_EQ(again.tls_key.public_key(), first.tls_key.public_key());
  EXPECT_EQ(bare.signing_key.verify_key(), first.signing_key.verify_key());
  EXPECT_FALSE(other.is_continued);
  EXPECT_NE(other.tls_key.public_key(), first.tls_key.public_key());
  EXPECT_NE(other.signing_key.verify_key(), first.signing_key.verify_key());
}

TEST_F(JoinStateTest, NothingKeptAndNothingGivenIsSaid) {
  EXPECT_EQ(JoinState::Open(state(), {}).status().id(), errors::kNotFound);
  EXPECT_EQ(JoinState::Open(state(), SecretBytes::CopyOf("cairn-invite1:AAAA")).status().id(),
            errors::kInviteMalformed);
}

TEST_F(JoinStateTest, HonestApprovalSettlesAndIsRemembered) {
  const SecretBytes line = NewLine();
  const JoinState join = Open(line);
  EXPECT_FALSE(HasJoined(state(), join.invite.certificate));
  const auto membership = Check(join, Approve(join));
  ASSERT_TRUE(membership.ok()) << membership.status().ToString();
  ASSERT_TRUE(Settle(join, *membership).ok());
  EXPECT_TRUE(HasJoined(state(), join.invite.certificate));
  EXPECT_FALSE(fs::exists(state() / "join"));
  const TlsFiles files{state() / "site.crt", state() / "site.key", state() / "roots.crt"};
  EXPECT_TRUE(CheckTlsFiles(files, now_).ok());
}

TEST_F(JoinStateTest, CertificateForOtherKeysOrNamesIsRefused) {
  const JoinState join = Open(NewLine());
  const Roster roster = VerifyRoster(AsBytes(Approve(join).roster),
                                     {*ToVerifyKey(ca_->root().public_key()), "heartnet", 0, now_})
                            .value();
  EXPECT_EQ(Check(join, Answer(TlsKey::Generate().public_key(), roster, "site-a")).status().id(),
            errors::kTlsKeyMismatch);
  EXPECT_EQ(Check(join, Answer(join.tls_key.public_key(), roster, "site-b")).status().id(),
            errors::kTlsCertificate);
}

TEST_F(JoinStateTest, RosterThatTheRootDidNotSignOrThatOmitsUsIsRefused) {
  const JoinState join = Open(NewLine());
  EnrolAnswer forged = Approve(join);
  forged.roster.back() = static_cast<char>(forged.roster.back() ^ 1);
  EXPECT_EQ(Check(join, forged).status().id(), errors::kRosterSignature);
  const Roster empty{"heartnet", 1, now_ + 24h, {}};
  EXPECT_EQ(Check(join, Answer(join.tls_key.public_key(), empty, "site-a")).status().id(),
            errors::kNameUnknown);
  Roster swapped = empty;
  swapped.Put({"site-a", PeerRole::kSite, SigningKey::Generate().verify_key(),
               join.tls_key.public_key().hash(), MemberState::kActive});
  EXPECT_EQ(Check(join, Answer(join.tls_key.public_key(), swapped, "site-a")).status().id(),
            errors::kRosterSignature)
      << "a signing key put in its place by the aggregator";
}

TEST_F(JoinStateTest, RosterOlderThanOneSeenBeforeIsRefused) {
  const JoinState join = Open(NewLine());
  ASSERT_TRUE(Settle(join, *Check(join, Approve(join, 5))).ok());
  const JoinState again = Open(NewLine());
  EXPECT_EQ(Check(again, Approve(again, 4)).status().id(), errors::kRosterRollback);
  EXPECT_TRUE(Check(again, Approve(again, 6)).ok());
}

TEST_F(JoinStateTest, StarterConfigurationIsSoundAndAllowsNothing) {
  const JoinState join = Open(NewLine());
  const auto document =
      ConfigDocument::Parse(StarterClientToml(join, "/run/cairn/client.sock"), "client.toml");
  ASSERT_TRUE(document.ok()) << document.status().ToString();
  const auto config = ParseClientConfig(*document);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->aggregator_address, "localhost:8443");
  EXPECT_EQ(config->key_file(), state() / "site.key");
  EXPECT_EQ(config->policy.approval, ApprovalMode::kManual);
  EXPECT_EQ(config->policy.secagg, SecAggPolicy::kRequired);
  EXPECT_TRUE(config->policy.datasets.empty());
}

}  // namespace
}  // namespace cairn
