#include "privacy/crypto/enrolment.h"

#include <gtest/gtest.h>

#include <set>

#include "privacy/crypto/certificate_authority.h"
#include "privacy/crypto/five_words.h"
#include "privacy/crypto/invite.h"
#include "privacy/crypto/private_file.h"
#include "tests/unit/privacy/crypto/scratch_folder.h"

namespace cairn {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const UnixTime kNow{seconds(1'800'000'000)};

class AuthorityTest : public testing::Test {
 protected:
  AuthorityTest()
      : authority(CertificateAuthority::Create(folder / "ca", "heartnet", {}, kNow).value()),
        issuer(CertificateIssuer::Open(folder / "ca/issuer").value()) {}
  Invite MakeInvite() const {
    return issuer.IssueInvite({"agg.heartnet.example", 8443}, "site-a", PeerRole::kSite, kNow).value();
  }
  static std::string Line(const Invite& invite) {
    return std::string(FormatInvite(invite).RevealText(RevealSecret{}));
  }

  ScratchFolder folder;
  CertificateAuthority authority;
  CertificateIssuer issuer;
};

TEST_F(AuthorityTest, InitMakesRootAndIssuerThatBelongTogether) {
  EXPECT_EQ(issuer.federation(), "heartnet");
  EXPECT_EQ(issuer.root().fingerprint(), authority.root().fingerprint());
  EXPECT_EQ(CertificateAuthority::Open(folder / "ca", {}).value().root().fingerprint(),
            authority.root().fingerprint());
  const auto server =
      issuer.IssueServer(TlsKey::Generate().public_key(), "main", {"agg.heartnet.example"}, kNow).value();
  EXPECT_TRUE(VerifyChain(server, {{authority.root()}, {issuer.issuer()}, kNow, TlsSide::kServer}).ok());
}

TEST_F(AuthorityTest, SecondInitIntoTheSameFolderIsRefused) {
  EXPECT_EQ(CertificateAuthority::Create(folder / "ca", "heartnet", {}, kNow).status().id(),
            errors::kKeyFile);
}

TEST_F(AuthorityTest, RootKeyBesideTheIssuerIsWarnedOf) {
  EXPECT_EQ(CheckRootIsElsewhere(folder / "ca/issuer").id(), errors::kRootOnAggregator);
  std::filesystem::rename(folder / "ca/root.key", folder / "elsewhere.key");
  EXPECT_TRUE(CheckRootIsElsewhere(folder / "ca/issuer").ok());
}

TEST_F(AuthorityTest, MixedUpFilesAreFound) {
  const auto other = CertificateAuthority::Create(folder / "other", "heartnet", {}, kNow).value();
  std::filesystem::copy_file(folder / "other/root.pem", folder / "ca/issuer/root.pem",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(CertificateIssuer::Open(folder / "ca/issuer").status().id(), errors::kTlsWrongCa);
  std::filesystem::copy_file(folder / "other/issuer/issuer.pem", folder / "ca/issuer/issuer.pem",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(CertificateIssuer::Open(folder / "ca/issuer").status().id(), errors::kTlsKeyMismatch);
}

TEST_F(AuthorityTest, CertificatesNeverOutliveTheIssuer) {
  const PublicKey key = TlsKey::Generate().public_key();
  const UnixTime end = issuer.issuer().validity().not_after;
  EXPECT_EQ(issuer.IssueMember(key, "site-a", PeerRole::kSite, kNow)->validity().not_after, kNow + kLeafLife);
  EXPECT_EQ(issuer.IssueMember(key, "site-a", PeerRole::kSite, end - hours(1))->validity().not_after, end);
  EXPECT_EQ(issuer.IssueMember(key, "site-a", PeerRole::kSite, end).status().id(), errors::kTlsCertificate);
  EXPECT_EQ(issuer.IssueMember(key, "agg", PeerRole::kAggregator, kNow).status().id(), errors::kWrongRole);
}

TEST_F(AuthorityTest, RosterOfAnotherFederationIsNotSigned) {
  EXPECT_EQ(authority.Sign({"lungnet", 1, kNow, {}}).status().id(), errors::kFederationMismatch);
}

TEST_F(AuthorityTest, InviteLineIsShortAndReadsBack) {
  const Invite invite = MakeInvite();
  const std::string line = Line(invite);
  EXPECT_LT(line.size(), 720u);
  const Result<Invite> again = ParseInvite("  " + line.substr(0, 76) + "\r\n" + line.substr(76) + "\n");
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->address.text(), "agg.heartnet.example:8443");
  EXPECT_EQ(again->name, "site-a");
  EXPECT_EQ(again->federation, "heartnet");
  EXPECT_EQ(again->root, authority.root().fingerprint());
  EXPECT_EQ(again->expires, kNow + hours(72));
  EXPECT_TRUE(again->key.seed() == invite.key.seed());
  EXPECT_TRUE(
      VerifyChain(again->certificate, {{authority.root()}, {issuer.issuer()}, kNow, TlsSide::kClient}).ok());
}

TEST_F(AuthorityTest, EveryAlteredOrCutInviteIsRefused) {
  const std::string line = Line(MakeInvite());
  for (std::size_t i = 0; i < line.size(); i += 3) {
    std::string altered = line;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    ASSERT_EQ(ParseInvite(altered).status().id(), errors::kInviteMalformed) << i;
    ASSERT_EQ(ParseInvite(line.substr(0, i)).status().id(), errors::kInviteMalformed) << i;
  }
  EXPECT_EQ(ParseInvite("cairn-invite2:AAAA").status().what(),
            "the invite is of another version; expected cairn-invite1:");
  EXPECT_EQ(ParseInvite(std::string(5000, 'A')).status().id(), errors::kInviteMalformed);
}

TEST_F(AuthorityTest, InviteWhosePartsDoNotBelongTogetherIsRefused) {
  Invite invite = MakeInvite();
  invite.name = "site-b";
  EXPECT_NE(ParseInvite(Line(invite))
                .status()
                .what()
                .find("carries a certificate for spiffe://heartnet/invite/site-a"),
            std::string::npos);
  Invite other = MakeInvite();
  other.key = BootstrapKey::Generate();
  EXPECT_EQ(ParseInvite(Line(other)).status().what(),
            "the invite's key and certificate do not belong together");
  Invite king = MakeInvite();
  king.role = PeerRole::kAggregator;
  EXPECT_EQ(ParseInvite(Line(king)).status().id(), errors::kInviteMalformed);
  king.role = static_cast<PeerRole>(9);
  EXPECT_EQ(ParseInvite(Line(king)).status().what(), "the invite's role 9 is unknown");
}

TEST_F(AuthorityTest, InviteEndsWithItsTimeAndFitsOneRoot) {
  const Invite invite = MakeInvite();
  EXPECT_TRUE(CheckInviteTime(invite, kNow + hours(72)).ok());
  EXPECT_EQ(CheckInviteTime(invite, kNow + hours(72) + seconds(1)).id(), errors::kInviteExpired);
  EXPECT_TRUE(CheckInviteRoot(invite, authority.root()).ok());
  EXPECT_EQ(CheckInviteRoot(invite, issuer.issuer()).id(), errors::kFederationMismatch);
}

TEST(EnrolmentTest, RequestProvesBothKeysForOneNameOnly) {
  const auto tls = TlsKey::Generate();
  const auto signing = SigningKey::Generate();
  EnrolmentRequest request = MakeEnrolmentRequest("heartnet", "site-a", tls, signing);
  const EnrolledKeys keys = VerifyEnrolmentRequest(request, "heartnet", "site-a").value();
  EXPECT_EQ(keys.tls_key, tls.public_key());
  EXPECT_EQ(keys.signing_key, signing.verify_key());
  EXPECT_EQ(VerifyEnrolmentRequest(request, "heartnet", "site-b").status().id(), errors::kPossessionProof);
  EXPECT_EQ(VerifyEnrolmentRequest(request, "lungnet", "site-a").status().id(), errors::kPossessionProof);
  request.certificate_request = MakeCertificateRequest(TlsKey::Generate(), "site-a");  // somebody else's
  EXPECT_EQ(VerifyEnrolmentRequest(request, "heartnet", "site-a").status().id(), errors::kPossessionProof);
}

TEST(EnrolmentTest, WordsDifferWhenAnyoneStandsBetween) {
  const auto tls = TlsKey::Generate(), aggregator = TlsKey::Generate(), between = TlsKey::Generate();
  const EnrolledKeys site{tls.public_key(), SigningKey::Generate().verify_key()};
  const EnrolmentView honest{"heartnet", "site-a", site, Sha256::Of("root"), aggregator.public_key()};
  EnrolmentView seen = honest;
  EXPECT_EQ(FiveWords(EnrolmentHash(seen)), FiveWords(EnrolmentHash(honest)));
  seen.aggregator_tls = between.public_key();
  EXPECT_NE(FiveWords(EnrolmentHash(seen)), FiveWords(EnrolmentHash(honest)));
  seen = honest;
  seen.site.tls_key = between.public_key();
  EXPECT_NE(FiveWords(EnrolmentHash(seen)), FiveWords(EnrolmentHash(honest)));
}

TEST(FiveWordsTest, ListHas2048DifferentWordsAndNeverChanges) {
  std::set<std::string> words;
  for (unsigned i = 0; i < 2048; ++i) words.insert(WordFor(i));
  EXPECT_EQ(words.size(), 2048u);
  EXPECT_EQ(WordFor(0), "bala");
  EXPECT_EQ(WordFor(2047), "zozo");
  EXPECT_EQ(FiveWords(Sha256::Of("abc")), FiveWords(Sha256::Of("abc")));
}

TEST(FiveWordsTest, FiftyFiveBitsAreReadInOrder) {
  Sha256Digest hash;
  EXPECT_EQ(FiveWords(hash), "bala bala bala bala bala");
  hash.bytes[1] = std::byte{0x20};  // bit 10: the last of the first word
  EXPECT_EQ(FiveWords(hash), "bale bala bala bala bala");
  hash.bytes[6] = std::byte{0x03};  // bit 54 is the last that counts, bit 55 is not
  EXPECT_EQ(FiveWords(hash), "bale bala bala bala bale");
}

TEST(FiveWordsTest, ComparisonForgivesCaseAndSpaces) {
  EXPECT_TRUE(SameWords("Bala kemi", " bala  KEMI"));
  EXPECT_FALSE(SameWords("bala kemi", "bala keme"));
}

TEST(EndpointTest, ReadsNamesAndAddressesWithPorts) {
  EXPECT_EQ(Endpoint::Parse("agg.example.org:8443"), (Endpoint{"agg.example.org", 8443}));
  EXPECT_EQ(Endpoint::Parse("[::1]:1"), (Endpoint{"::1", 1}));
  EXPECT_EQ(Endpoint::Parse("10.0.0.1:65535")->text(), "10.0.0.1:65535");
  EXPECT_EQ(Endpoint::Parse("[::1]:443")->text(), "[::1]:443");
  for (const char* text : {"", ":1", "a", "a:", "a:0", "a:65536", "a:-1", "a:1x", "::1:443", "[a]:1", "a b:1",
                           "a-.b:1", "a:01"}) {
    EXPECT_FALSE(Endpoint::Parse(text)) << text;
  }
}

}  // namespace
}  // namespace cairn
