#include "aggregator/server/enrolment_desk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "core/runtime/files.h"
#include "privacy/crypto/five_words.h"
#include "privacy/crypto/private_file.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class HandClock final : public WallClock {
 public:
  std::chrono::system_clock::time_point Now() const override { return now; }
  UnixTime Seconds() const { return std::chrono::floor<std::chrono::seconds>(now); }
  std::chrono::system_clock::time_point now = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};
};

// A newcomer's machine: keys, and what it sends.
struct Newcomer {
  TlsKey tls = TlsKey::Generate();
  SigningKey signing = SigningKey::Generate();

  EnrolRequest Request(const std::string& name, const std::string& federation = "heartnet") const {
    const EnrolmentRequest proof = MakeEnrolmentRequest(federation, name, tls, signing);
    return {name, proof.certificate_request, std::string(AsText(proof.signing_key.bytes)),
            std::string(AsText(proof.possession.bytes)), "test"};
  }
};

class EnrolmentDeskTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto authority = CertificateAuthority::Create(folder() / "ca", "heartnet", {}, clock_.Seconds());
    ASSERT_TRUE(authority.ok()) << authority.status().ToString();
    root_ = authority->root();
    const auto issuer = CertificateIssuer::Open(folder() / "ca" / "issuer");
    ASSERT_TRUE(issuer.ok()) << issuer.status().ToString();
    const auto leaf =
        issuer->IssueServer(server_key_.public_key(), "aggregator", {"localhost"}, clock_.Seconds());
    ASSERT_TRUE(leaf.ok());
    ASSERT_TRUE(WritePublicFile(folder() / "server.crt", AsBytes(leaf->ToPem())).ok());
    config_ = {folder() / "desk",
               folder() / "ca" / "issuer",
               folder() / "ca",
               folder() / "server.crt",
               {"agg.example.org", 8443},
               "",
               {}};
    Open();
  }

  void Open() {
    desk_.reset();
    auto desk = EnrolmentDesk::Open(config_, clock_);
    ASSERT_TRUE(desk.ok()) << desk.status().ToString();
    desk_ = *std::move(desk);
  }

  const fs::path& folder() const { return folder_.path(); }

  Invite NewInvite(const std::string& name, PeerRole role = PeerRole::kSite) {
    auto invite = desk_->NewInvite(name, role, 72h);
    EXPECT_TRUE(invite.ok()) << invite.status().ToString();
    return *std::move(invite);
  }
  EnrolAnswer Ask(const std::string& name, const Newcomer& newcomer) {
    return desk_->OnEnrol({"heartnet", "invite", name}, newcomer.Request(name));
  }
  Status Approve(const std::string& name, std::string_view words = "") {
    return desk_->Approve(name, words, {}).status();
  }
  // A member from invite to certificate; its certificate.
  Certificate Enrol(const std::string& name, const Newcomer& newcomer, PeerRole role = PeerRole::kSite) {
    NewInvite(name, role);
    EXPECT_EQ(Ask(name, newcomer).state, EnrolState::kPending);
    const Status approved = Approve(name);
    EXPECT_TRUE(approved.ok()) << approved.ToString();
    const EnrolAnswer answer = Ask(name, newcomer);
    EXPECT_EQ(answer.state, EnrolState::kApproved) << answer.reason.ToString();
    return Certificate::FromPem(answer.certificate_chain_pem).value();
  }
  Status Authorize(const Certificate& certificate) {
    return desk_->Authorize(certificate.identity().value(), certificate.ToPem());
  }
  EnrolmentDesk::Person Person(const std::string& name) {
    for (const auto& person : desk_->List()) {
      if (person.name == name) return person;
    }
    return {};
  }

  TempFolder folder_ = TempFolder::Create(fs::temp_directory_path()).value();
  HandClock clock_;
  TlsKey server_key_ = TlsKey::Generate();
  std::optional<Certificate> root_;
  EnrolmentDeskConfig config_;
  std::unique_ptr<EnrolmentDesk> desk_;
};

TEST_F(EnrolmentDeskTest, InviteNamesAddressRootAndTime) {
  const Invite invite = NewInvite("site-a");
  EXPECT_EQ(invite.address.text(), "agg.example.org:8443");
  EXPECT_EQ(invite.root, root_->fingerprint());
  EXPECT_EQ(invite.expires, clock_.Seconds() + 72h);
  EXPECT_EQ(Person("site-a").state, "invited");
}

TEST_F(EnrolmentDeskTest, ApprovalGivesCertificateRosterAndRoot) {
  const Newcomer site;
  NewInvite("site-a");
  EXPECT_EQ(Ask("site-a", site).state, EnrolState::kPending);
  const auto approval = desk_->Approve("site-a", "", {});
  ASSERT_TRUE(approval.ok()) << approval.status().ToString();
  EXPECT_EQ(approval->roster_version, 1u);
  EXPECT_EQ(approval->active_sites, 1u);
  const EnrolAnswer answer = Ask("site-a", site);
  ASSERT_EQ(answer.state, EnrolState::kApproved);
  const auto certificate = Certificate::FromPem(answer.certificate_chain_pem);
  ASSERT_TRUE(certificate.ok());
  EXPECT_EQ(certificate->public_key(), site.tls.public_key());
  EXPECT_EQ(certificate->identity()->uri(), "spiffe://heartnet/site/site-a");
  EXPECT_EQ(Certificate::FromPem(answer.root_pem)->fingerprint(), root_->fingerprint());
  const auto root_key = ToVerifyKey(root_->public_key());
  const auto roster = VerifyRoster(AsBytes(answer.roster), {*root_key, "heartnet", 0, clock_.Seconds()});
  ASSERT_TRUE(roster.ok()) << roster.status().ToString();
  ASSERT_EQ(roster->members.size(), 1u);
  EXPECT_EQ(roster->members[0].signing_key, site.signing.verify_key());
}

TEST_F(EnrolmentDeskTest, BothEndsSeeTheSameWords) {
  const Newcomer site;
  NewInvite("site-a");
  Ask("site-a", site);
  const EnrolledKeys keys{site.tls.public_key(), site.signing.verify_key()};
  const std::string words =
      FiveWords(EnrolmentHash({"heartnet", "site-a", keys, root_->fingerprint(), server_key_.public_key()}));
  EXPECT_EQ(Person("site-a").words, words);
  EXPECT_EQ(Approve("site-a", "balo balo balo balo balo").id(), errors::kNotConfirmed);
  EXPECT_EQ(Person("site-a").state, "waiting");
  EXPECT_TRUE(Approve("site-a", words).ok());
}

TEST_F(EnrolmentDeskTest, RoleComesFromTheInviteAlone) {
  const Newcomer person;
  const Certificate certificate = Enrol("dr-lang", person, PeerRole::kResearcher);
  EXPECT_EQ(certificate.identity()->role, PeerRole::kResearcher);
  EXPECT_TRUE(Authorize(certificate).ok());
  const auto claim = PeerIdentity{"heartnet", PeerRole::kSite, "dr-lang"};
  EXPECT_EQ(desk_->Authorize(claim, certificate.ToPem()).id(), errors::kWrongRole);
}

TEST_F(EnrolmentDeskTest, OtherKeysAreRefusedOnceAnInviteIsUsed) {
  const Newcomer first, second;
  NewInvite("site-a");
  EXPECT_EQ(Ask("site-a", first).state, EnrolState::kPending);
  const EnrolAnswer answer = Ask("site-a", second);
  EXPECT_EQ(answer.state, EnrolState::kRefused);
  EXPECT_EQ(answer.reason.id(), errors::kInviteUsed);
  EXPECT_EQ(Ask("site-a", first).state, EnrolState::kPending);
  ASSERT_TRUE(Approve("site-a").ok());
  EXPECT_EQ(Ask("site-a", second).reason.id(), errors::kInviteUsed);
  EXPECT_EQ(Ask("site-a", first).state, EnrolState::kApproved);
}

TEST_F(EnrolmentDeskTest, RequestProvesItsKeysForThisNameAndFederation) {
  const Newcomer site;
  NewInvite("site-a");
  NewInvite("site-b");
  const auto ask = [&](const EnrolRequest& request) {
    return desk_->OnEnrol({"heartnet", "invite", "site-a"}, request).reason.id();
  };
  EXPECT_EQ(ask(site.Request("site-b")), errors::kPossessionProof);
  EXPECT_EQ(ask(site.Request("site-a", "othernet")), errors::kPossessionProof);
  EnrolRequest broken = site.Request("site-a");
  broken.signing_key.pop_back();
  EXPECT_EQ(ask(broken), errors::kPossessionProof);
  broken = site.Request("site-a");
  broken.csr_pem = "-----BEGIN nothing";
  EXPECT_EQ(ask(broken), errors::kPossessionProof);
  EXPECT_EQ(Person("site-a").state, "invited") << "a refused request must not spend the invite";
}

TEST_F(EnrolmentDeskTest, UnusedInviteExpires) {
  const Newcomer site;
  NewInvite("site-a");
  clock_.now += 73h;
  EXPECT_EQ(Ask("site-a", site).reason.id(), errors::kInviteExpired);
}

TEST_F(EnrolmentDeskTest, NewerInviteReplacesTheOlder) {
  const Invite older = NewInvite("site-a");
  const Invite newer = NewInvite("site-a");
  EXPECT_EQ(Authorize(older.certificate).id(), errors::kNameUnknown);
  EXPECT_TRUE(Authorize(newer.certificate).ok());
}

TEST_F(EnrolmentDeskTest, OnlyInvitesMadeHereMayAsk) {
  const Newcomer site;
  EXPECT_EQ(Ask("site-a", site).reason.id(), errors::kNameUnknown);
  EXPECT_EQ(desk_->OnEnrol({"othernet", "invite", "site-a"}, site.Request("site-a", "othernet")).reason.id(),
            errors::kFederationMismatch);
}

TEST_F(EnrolmentDeskTest, BadInvitesAreRefusedBeforeAnythingIsMade) {
  EXPECT_EQ(desk_->NewInvite("Site A", PeerRole::kSite, 1h).status().id(), errors::kUsage);
  EXPECT_EQ(desk_->NewInvite("site-a", PeerRole::kAggregator, 1h).status().id(), errors::kWrongRole);
  Enrol("site-b", Newcomer());
  EXPECT_EQ(desk_->NewInvite("site-b", PeerRole::kSite, 1h).status().id(), errors::kUsage);
  config_.address = {"0.0.0.0", 8443};
  Open();
  EXPECT_EQ(desk_->NewInvite("site-c", PeerRole::kSite, 1h).status().id(), errors::kConfigValue);
  EXPECT_EQ(desk_->List().size(), 1u);
}

TEST_F(EnrolmentDeskTest, NobodyIsApprovedWhoDoesNotWait) {
  EXPECT_EQ(Approve("site-a").id(), errors::kNameUnknown);
  NewInvite("site-a");
  EXPECT_EQ(Approve("site-a").id(), errors::kNameUnknown);
  Enrol("site-b", Newcomer());
  EXPECT_EQ(Approve("site-b").id(), errors::kNameUnknown);
  EXPECT_EQ(desk_->roster_version(), 1u);
}

TEST_F(EnrolmentDeskTest, WithoutTheRootKeyNobodyBecomesAMember) {
  const Newcomer site;
  NewInvite("site-a");
  Ask("site-a", site);
  config_.root.clear();
  Open();
  EXPECT_EQ(Approve("site-a").id(), errors::kKeyFile);
  EXPECT_EQ(Ask("site-a", site).state, EnrolState::kPending);
  EXPECT_EQ(desk_->roster_version(), 0u);
}

TEST_F(EnrolmentDeskTest, PassphraseOpensTheRootKey) {
  const fs::path path = config_.root / "root.key";
  const auto passphrase = SecretBytes::CopyOf("correct horse");
  ASSERT_TRUE(RootKey::Load(path)->Save(path, passphrase).ok());
  NewInvite("site-a");
  Ask("site-a", Newcomer());
  EXPECT_EQ(Approve("site-a").id(), errors::kKeyFile);
  EXPECT_EQ(desk_->Approve("site-a", "", SecretBytes::CopyOf("wrong")).status().id(), errors::kKeyFile);
  EXPECT_TRUE(desk_->Approve("site-a", "", passphrase).ok());
}

TEST_F(EnrolmentDeskTest, RootOfAnotherFederationIsRefused) {
  ASSERT_TRUE(CertificateAuthority::Create(folder() / "other", "heartnet", {}, clock_.Seconds()).ok());
  config_.root = folder() / "other";
  Open();
  NewInvite("site-a");
  Ask("site-a", Newcomer());
  EXPECT_EQ(Approve("site-a").id(), errors::kFederationMismatch);
}

TEST_F(EnrolmentDeskTest, RevokedMemberIsOutAndMayComeBackWithNewKeysOnly) {
  const Newcomer before, after;
  const Certificate old = Enrol("site-a", before);
  ASSERT_TRUE(Authorize(old).ok());
  const auto version = desk_->Revoke("site-a", {});
  ASSERT_TRUE(version.ok()) << version.status().ToString();
  EXPECT_EQ(*version, 2u);
  EXPECT_EQ(Authorize(old).id(), errors::kMemberRevoked);
  EXPECT_EQ(Person("site-a").state, "revoked");
  EXPECT_EQ(Ask("site-a", before).reason.id(), errors::kNameUnknown);
  const Certificate fresh = Enrol("site-a", after);
  EXPECT_TRUE(Authorize(fresh).ok());
  EXPECT_EQ(Authorize(old).id(), errors::kMemberRevoked) << "the stolen machine must stay out";
}

TEST_F(EnrolmentDeskTest, InviteIsTakenBackWithoutTheRootKey) {
  const Invite invite = NewInvite("site-a");
  config_.root.clear();
  Open();
  ASSERT_TRUE(desk_->Revoke("site-a", {}).ok());
  EXPECT_EQ(Authorize(invite.certificate).id(), errors::kNameUnknown);
  EXPECT_EQ(desk_->Revoke("site-a", {}).status().id(), errors::kNameUnknown);
}

TEST_F(EnrolmentDeskTest, StrangersOfTheSameIssuerAreNotAdmitted) {
  const auto issuer = CertificateIssuer::Open(folder() / "ca" / "issuer");
  const TlsKey key = TlsKey::Generate();
  const auto stranger = issuer->IssueMember(key.public_key(), "site-x", PeerRole::kSite, clock_.Seconds());
  EXPECT_EQ(Authorize(*stranger).id(), errors::kNameUnknown);
  Enrol("site-a", Newcomer());
  const auto double_ganger =
      issuer->IssueMember(key.public_key(), "site-a", PeerRole::kSite, clock_.Seconds());
  EXPECT_EQ(Authorize(*double_ganger).id(), errors::kMemberRevoked);
}

TEST_F(EnrolmentDeskTest, RestartKeepsInvitesRequestsAndMembers) {
  const Newcomer member, waiting;
  const Certificate certificate = Enrol("site-a", member);
  NewInvite("site-b");
  Ask("site-b", waiting);
  const Invite open = NewInvite("site-c");
  const std::string words = Person("site-b").words;
  Open();
  EXPECT_TRUE(Authorize(certificate).ok());
  EXPECT_EQ(Ask("site-a", member).state, EnrolState::kApproved);
  EXPECT_EQ(Person("site-b").words, words);
  EXPECT_EQ(Ask("site-b", Newcomer()).reason.id(), errors::kInviteUsed);
  EXPECT_TRUE(Authorize(open.certificate).ok());
  ASSERT_TRUE(Approve("site-b").ok());
  EXPECT_EQ(desk_->roster_version(), 2u);
}

TEST_F(EnrolmentDeskTest, ApprovalThatWasSignedButNotNotedStands) {
  const Newcomer site;
  NewInvite("site-a");
  Ask("site-a", site);
  const auto before = ReadFile(config_.folder / "invites.json", 1 << 20);
  ASSERT_TRUE(Approve("site-a").ok());
  ASSERT_TRUE(WriteFileAtomically(config_.folder / "invites.json", std::string_view(*before)).ok());
  Open();
  EXPECT_EQ(Ask("site-a", site).state, EnrolState::kApproved);
}

TEST_F(EnrolmentDeskTest, OlderRosterFileIsARollback) {
  Enrol("site-a", Newcomer());
  const auto first = ReadFile(config_.folder / "roster", 1 << 20);
  ASSERT_TRUE(desk_->Revoke("site-a", {}).ok());
  desk_.reset();
  ASSERT_TRUE(WriteFileAtomically(config_.folder / "roster", std::string_view(*first)).ok());
  EXPECT_EQ(EnrolmentDesk::Open(config_, clock_).status().id(), errors::kRosterRollback);
  ASSERT_TRUE(fs::remove(config_.folder / "roster"));
  EXPECT_EQ(EnrolmentDesk::Open(config_, clock_).status().id(), errors::kNotFound);
}

TEST_F(EnrolmentDeskTest, DamagedRecordsAreRefused) {
  NewInvite("site-a");
  desk_.reset();
  const fs::path path = config_.folder / "invites.json";
  for (const std::string_view text :
       {"", "{", "[]", "{\"schema\":2}", "{\"schema\":1,\"roster_version\":0,\"invites\":{\"a\":1}}",
        "{\"schema\":1,\"roster_version\":-1,\"invites\":{}}"}) {
    ASSERT_TRUE(WriteFileAtomically(path, text).ok());
    EXPECT_EQ(EnrolmentDesk::Open(config_, clock_).status().id(), errors::kStorageCorrupt) << text;
  }
}

TEST_F(EnrolmentDeskTest, SecondDeskOnOneFolderIsRefused) {
  EXPECT_EQ(EnrolmentDesk::Open(config_, clock_).status().id(), errors::kStorageLocked);
}

TEST_F(EnrolmentDeskTest, RosterChangesAreToldAndMayBeLookedAt) {
  std::vector<std::uint64_t> versions;
  desk_->OnRosterChange([&] { versions.push_back(desk_->roster_version()); });
  Enrol("site-a", Newcomer());
  NewInvite("site-b");
  ASSERT_TRUE(desk_->Revoke("site-b", {}).ok());
  ASSERT_TRUE(desk_->Revoke("site-a", {}).ok());
  EXPECT_EQ(versions, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(EnrolmentDeskTest, RevocationIsToldEvenWhereTheNoteAboutItFails) {
  const Certificate certificate = Enrol("site-a", Newcomer());
  int told = 0;
  desk_->OnRosterChange([&] { ++told; });
  const fs::path notes = config_.folder / "invites.json";
  fs::remove(notes);
  fs::create_directories(notes / "in the way");  // nothing can be renamed onto it
  EXPECT_FALSE(desk_->Revoke("site-a", {}).ok());
  EXPECT_EQ(Authorize(certificate).id(), errors::kMemberRevoked);
  EXPECT_EQ(told, 1) << "its open session would go on";
  fs::remove_all(notes);
  EXPECT_TRUE(desk_->Revoke("site-a", {}).ok());
}

TEST_F(EnrolmentDeskTest, OfManyAskingAtOnceExactlyOneGetsTheInvite) {
  NewInvite("site-a");
  constexpr int kCallers = 8;
  std::vector<EnrolAnswer> answers(kCallers);
  {
    std::vector<std::jthread> threads;
    for (EnrolAnswer& answer : answers) {
      threads.emplace_back([this, &answer] { answer = Ask("site-a", Newcomer()); });
    }
  }
  EXPECT_EQ(std::ranges::count(answers, EnrolState::kPending, &EnrolAnswer::state), 1);
  const auto is_used = [](const EnrolAnswer& answer) { return answer.reason.id() == errors::kInviteUsed; };
  EXPECT_EQ(std::ranges::count_if(answers, is_used), kCallers - 1);
}

}  // namespace
}  // namespace cairn
