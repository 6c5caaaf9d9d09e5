#include "privacy/crypto/certificate.h"

#include <gtest/gtest.h>

#include "privacy/crypto/certificate_builder.h"
#include "tests/unit/privacy/crypto/test_federation.h"

namespace cairn {
namespace {

using std::chrono::days;
using std::chrono::seconds;

TEST(PeerIdentityTest, UriReadsBack) {
  const PeerIdentity site{"heartnet", PeerRole::kSite, "site-a"};
  EXPECT_EQ(site.uri(), "spiffe://heartnet/site/site-a");
  EXPECT_EQ(PeerIdentity::ParseUri(site.uri()).value(), site);
}

TEST(PeerIdentityTest, OtherUrisAreRefused) {
  for (const char* uri : {"", "spiffe://", "spiffe://h/site", "spiffe://h/site/", "spiffe://h/king/a",
                          "spiffe://h/site/a/b", "spiffe://H/site/a", "spiffe://h/site/-a",
                          "spiffe://h/site/a%2fb", "http://h/site/a", "spiffe://h//a", "spiffe:///site/a"}) {
    EXPECT_EQ(PeerIdentity::ParseUri(uri).status().id(), errors::kTlsCertificate) << uri;
  }
  EXPECT_FALSE(IsMemberName(std::string(64, 'a')));
  EXPECT_TRUE(IsMemberName(std::string(63, 'a')));
}

TEST(CertificateTest, LeafCarriesItsIdentityAndNothingElse) {
  TestFederation fed;
  const Certificate site = fed.Leaf(PeerRole::kSite, "site-a", TlsKey::Generate().public_key());
  EXPECT_EQ(site.identity().value(), (PeerIdentity{"heartnet", PeerRole::kSite, "site-a"}));
  EXPECT_EQ(site.key_text(), "P-256");
  EXPECT_FALSE(site.is_authority());
  EXPECT_EQ(site.names_text(), "URI:spiffe://heartnet/site/site-a");
  EXPECT_EQ(IdentityFromPem(site.ToPem()).value().name, "site-a");
}

TEST(CertificateTest, AggregatorCarriesHostNamesAndAddresses) {
  TestFederation fed;
  const Certificate server =
      fed.Server(TlsKey::Generate().public_key(), {"agg.example.org", "10.0.1.5", "::1"});
  EXPECT_EQ(server.dns_names(), std::vector<std::string>{"agg.example.org"});
  EXPECT_EQ(server.addresses(), (std::vector<std::string>{"10.0.1.5", "::1"}));
  EXPECT_EQ(server.identity().value().role, PeerRole::kAggregator);
}

TEST(CertificateTest, ReadsBackFromPemAndDer) {
  TestFederation fed;
  const auto chain = Certificate::ChainFromPem(ToPem(std::vector{fed.issuer, fed.root})).value();
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(chain[1].fingerprint(), fed.root.fingerprint());
  EXPECT_EQ(chain[0].path_length(), 0u);
  EXPECT_EQ(chain[1].path_length(), 1u);
  EXPECT_EQ(chain[0].validity().not_after, fed.issuer.validity().not_after);
}

TEST(CertificateTest, DamagedBytesAreRefusedNotRead) {
  TestFederation fed;
  const Bytes& der = fed.root.der();
  for (std::size_t size = 0; size < der.size(); size += 5) {
    EXPECT_FALSE(Certificate::FromDer(std::span(der).first(size)).ok()) << size;
  }
  Bytes longer = der;
  longer.push_back(std::byte{0});
  EXPECT_EQ(Certificate::FromDer(longer).status().what(), "the bytes are not one X.509 certificate");
  EXPECT_EQ(Certificate::FromPem("no pem").status().id(), errors::kTlsCertificate);
  std::string pem = fed.root.ToPem();
  pem[pem.size() / 2] = '!';
  EXPECT_EQ(Certificate::FromPem(pem).status().id(), errors::kTlsCertificate);
  EXPECT_FALSE(Certificate::ChainFromPem(fed.root.ToPem() + pem).ok());
}

TEST(CertificateBuilderTest, BadNamesAreRefused) {
  TestFederation fed;
  const PublicKey key = TlsKey::Generate().public_key();
  const auto make = [&](PeerRole role, std::string name, std::vector<std::string> hosts) {
    return MakeLeafCertificate(fed.issuer_key, fed.issuer, key,
                               {{"heartnet", role, std::move(name)}, fed.validity, std::move(hosts)})
        .status()
        .id();
  };
  EXPECT_EQ(make(PeerRole::kSite, "a,DNS:evil.example", {}), errors::kTlsCertificate);
  EXPECT_EQ(make(PeerRole::kSite, "site-a", {"agg.example.org"}), errors::kTlsCertificate);
  EXPECT_EQ(make(PeerRole::kAggregator, "agg", {}), errors::kTlsCertificate);
  for (const char* host : {"", "a..b", "-a.org", "a.org,IP:1.2.3.4", "*.org", "a b", "a.org."}) {
    EXPECT_EQ(make(PeerRole::kAggregator, "agg", {host}), errors::kTlsCertificate) << host;
  }
  EXPECT_EQ(MakeRootCertificate(fed.root_key, "Heart Net", fed.validity).status().id(),
            errors::kTlsCertificate);
}

TEST(CertificateBuilderTest, SerialsAreNeverRepeated) {
  TestFederation fed;
  const PublicKey key = TlsKey::Generate().public_key();
  EXPECT_NE(fed.Leaf(PeerRole::kSite, "a", key).serial(), fed.Leaf(PeerRole::kSite, "a", key).serial());
}

TEST(VerifyChainTest, GoodChainPassesForItsSideOnly) {
  TestFederation fed;
  const Certificate site = fed.Leaf(PeerRole::kSite, "site-a", TlsKey::Generate().public_key());
  EXPECT_TRUE(VerifyChain(site, fed.Terms(TlsSide::kClient)).ok());
  EXPECT_EQ(VerifyChain(site, fed.Terms(TlsSide::kServer)).id(), errors::kTlsCertificate);
}

TEST(VerifyChainTest, EveryFaultHasItsOwnId) {
  TestFederation fed, other;
  const PublicKey key = TlsKey::Generate().public_key();
  const Certificate server = fed.Server(key, {"agg.example.org"});
  const Certificate site = fed.Leaf(PeerRole::kSite, "site-a", key);
  auto terms = fed.Terms(TlsSide::kServer);
  EXPECT_TRUE(VerifyChain(server, terms).ok());
  terms.at = fed.validity.not_after + seconds(1);
  EXPECT_EQ(VerifyChain(server, terms).id(), errors::kTlsServerExpired);
  terms.at = fed.validity.not_before - seconds(90);
  const Status early = VerifyChain(server, terms);
  EXPECT_EQ(early.id(), errors::kTlsNotYetValid);
  EXPECT_EQ(VerifyChain(server, other.Terms(TlsSide::kServer)).id(), errors::kTlsWrongCa);
  EXPECT_EQ(VerifyChain(site, other.Terms(TlsSide::kClient)).id(), errors::kTlsOurCertUnknownCa);
  terms = fed.Terms(TlsSide::kClient);
  terms.at = fed.validity.not_after + days(2);
  EXPECT_EQ(VerifyChain(site, terms).id(), errors::kTlsOurCertExpired);
}

TEST(VerifyChainTest, ASiteCannotIssue) {
  TestFederation fed;
  const auto site_key = IssuerKey::Generate();
  const Certificate site = fed.Leaf(PeerRole::kSite, "site-a", site_key.public_key());
  const auto forged = MakeLeafCertificate(site_key, site, TlsKey::Generate().public_key(),
                                          {{"heartnet", PeerRole::kOperator, "root"}, fed.validity, {}});
  ASSERT_TRUE(forged.ok());
  auto terms = fed.Terms(TlsSide::kClient);
  terms.intermediates.push_back(site);
  EXPECT_FALSE(VerifyChain(*forged, terms).ok());
}

TEST(CertificateRequestTest, ProvesPossessionOfItsKey) {
  const auto key = TlsKey::Generate();
  const std::string pem = MakeCertificateRequest(key, "site-a");
  EXPECT_EQ(VerifyCertificateRequest(pem).value(), key.public_key());
}

TEST(CertificateRequestTest, AlteredRequestFailsTheProof) {
  const std::string pem = MakeCertificateRequest(TlsKey::Generate(), "site-a");
  int refused = 0;
  for (std::size_t i = 40; i + 40 < pem.size(); i += 11) {
    std::string altered = pem;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    refused += VerifyCertificateRequest(altered).status().id() == errors::kPossessionProof;
  }
  EXPECT_GT(refused, 10);
  EXPECT_EQ(VerifyCertificateRequest("").status().id(), errors::kPossessionProof);
  EXPECT_EQ(VerifyCertificateRequest(std::string(20'000, 'x')).status().id(), errors::kPossessionProof);
}

}  // namespace
}  // namespace cairn
