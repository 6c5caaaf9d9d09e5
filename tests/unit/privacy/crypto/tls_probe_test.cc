#include "privacy/crypto/tls_probe.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "tests/unit/privacy/crypto/test_federation.h"
#include "tests/unit/privacy/crypto/tls_test_server.h"

namespace cairn {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class TlsProbeTest : public testing::Test {
 protected:
  std::vector<Certificate> Chain(const Certificate& server) const { return {server, fed.issuer, fed.root}; }
  TlsServerTerms Terms(const Certificate& server) const {
    return {Chain(server), server_key.material(), {fed.issuer, fed.root}};
  }
  std::unique_ptr<LoopbackServer> Serve(TlsServerTerms terms) const {
    return std::make_unique<LoopbackServer>([terms](int fd) { ServeTls(terms, fd); });
  }
  ProbeTarget Target(const LoopbackServer& server) const {
    ProbeTarget target{.endpoint = {"127.0.0.1", server.port()}, .federation = "heartnet", .now = fed.now};
    target.roots = {fed.root};
    target.identity = {site};
    target.key = &site_key.material();
    target.alert_wait = milliseconds(300);
    return target;
  }
  static std::string Text(const Status& status) { return FormatForHumans(status); }

  TestFederation fed, foreign;
  TlsKey server_key = TlsKey::Generate(), site_key = TlsKey::Generate();
  Certificate server = fed.Server(server_key.public_key(), {"127.0.0.1", "localhost"});
  Certificate site = fed.Leaf(PeerRole::kSite, "site-a", site_key.public_key());
};

TEST_F(TlsProbeTest, GoodServerIsReportedWithItsNameAndRoot) {
  const auto listener = Serve(Terms(server));
  const auto report = ProbeTls(Target(*listener));
  ASSERT_TRUE(report.ok()) << Text(report.status());
  EXPECT_EQ(report->tls_version, "TLSv1.3");
  EXPECT_EQ(report->aggregator.uri(), "spiffe://heartnet/aggregator/main");
  EXPECT_EQ(report->root.fingerprint(), fed.root.fingerprint());
  EXPECT_EQ(report->peer_address, "127.0.0.1:" + std::to_string(listener->port()));
}

// What a proxy hears, and its answer; behind a good one the server speaks on the same connection.
class ProxyAt {
 public:
  ProxyAt(std::string answer, std::function<void(int)> then)
      : listener_([this, answer = std::move(answer), then = std::move(then)](int fd) {
          char byte = 0;
          while (!heard_.ends_with("\r\n\r\n") && read(fd, &byte, 1) == 1) heard_ += byte;
          if (write(fd, answer.data(), answer.size()) > 0) then(fd);
        }) {}
  Proxy proxy(std::string credentials = {}) const {
    return {{"127.0.0.1", listener_.port()}, std::move(credentials)};
  }
  const std::string& heard() const { return heard_; }

 private:
  std::string heard_;
  LoopbackServer listener_;
};

TEST_F(TlsProbeTest, ServerBehindAProxyIsReachedThroughATunnel) {
  const ProxyAt by("HTTP/1.1 200 Connection established\r\nVia: gate\r\n\r\n",
                   [terms = Terms(server)](int fd) { ServeTls(terms, fd); });
  const LoopbackServer unused([](int) {});
  ProbeTarget target = Target(unused);
  target.endpoint = {"localhost", 8443};  // nothing is there: only the proxy knows the way
  target.proxy = by.proxy("jo:secret");
  const auto report = ProbeTls(target);
  ASSERT_TRUE(report.ok()) << Text(report.status());
  EXPECT_EQ(report->aggregator.uri(), "spiffe://heartnet/aggregator/main");
  EXPECT_TRUE(by.heard().starts_with("CONNECT localhost:8443 HTTP/1.1\r\n")) << by.heard();
  EXPECT_NE(by.heard().find("Proxy-Authorization: Basic am86c2VjcmV0\r\n"), std::string::npos) << by.heard();
}

TEST_F(TlsProbeTest, ProxyThatRefusesIsNamedWithItsWords) {
  const LoopbackServer unused([](int) {});
  for (const std::string answer :
       {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "SSH-2.0-x\r\n\r\n"}) {
    const ProxyAt by(answer, [](int) {});
    ProbeTarget target = Target(unused);
    target.proxy = by.proxy();
    const Status status = ProbeTls(target).status();
    EXPECT_EQ(status.id(), errors::kNetProxy) << Text(status);
    EXPECT_NE(Text(status).find(answer.substr(0, 8)), std::string::npos) << Text(status);
    EXPECT_NE(Text(status).find("http://127.0.0.1:"), std::string::npos) << Text(status);
  }
}

TEST_F(TlsProbeTest, SilentServerIsGoodToo) {
  auto terms = Terms(server);
  terms.speaks_first = false;
  const auto listener = Serve(terms);
  EXPECT_TRUE(ProbeTls(Target(*listener)).ok());
}

TEST_F(TlsProbeTest, InviteIdentityIsAcceptedWithEd25519AndThePinnedRootIsFound) {
  const auto key = BootstrapKey::Generate();
  const auto listener = Serve(Terms(server));
  ProbeTarget target = Target(*listener);
  target.roots.clear();
  target.pinned_root = fed.root.fingerprint();
  target.identity = {fed.Leaf(PeerRole::kInvite, "site-a", key.public_key())};
  target.key = &key.material();
  const auto report = ProbeTls(target);
  ASSERT_TRUE(report.ok()) << Text(report.status());
  EXPECT_EQ(report->root.fingerprint(), fed.root.fingerprint());
}

TEST_F(TlsProbeTest, NameThatDoesNotResolve) {
  ProbeTarget target{.endpoint = {"no-such-host.invalid", 1}, .roots = {fed.root}, .now = fed.now};
  EXPECT_EQ(ProbeTls(target).status().id(), errors::kNetResolve);
}

TEST_F(TlsProbeTest, NothingListens) {
  std::uint16_t port = 0;
  {
    port = LoopbackServer([](int) {}).port();
  }
  ProbeTarget target{.endpoint = {"127.0.0.1", port}, .roots = {fed.root}, .now = fed.now};
  const Status status = ProbeTls(target).status();
  EXPECT_EQ(status.id(), errors::kNetRefused);
  EXPECT_NE(status.what().find("Connection refused"), std::string::npos) << status.what();
}

TEST_F(TlsProbeTest, WrongCaShowsTheIssuer) {
  const auto stranger =
      MakeRootCertificate(foreign.root_key, "inspecting-proxy", foreign.long_validity).value();
  const auto issuer = MakeIssuerCertificate(foreign.root_key, stranger, foreign.issuer_key.public_key(),
                                            "inspecting-proxy", foreign.long_validity)
                          .value();
  const auto leaf =
      MakeLeafCertificate(foreign.issuer_key, issuer, server_key.public_key(),
                          {{"heartnet", PeerRole::kAggregator, "main"}, fed.validity, {"127.0.0.1"}})
          .value();
  const auto listener = Serve({{leaf, issuer}, server_key.material(), {fed.root}});
  const Status status = ProbeTls(Target(*listener)).status();
  EXPECT_EQ(status.id(), errors::kTlsWrongCa);
  EXPECT_NE(status.what().find("CN=inspecting-proxy issuer"), std::string::npos) << status.what();
}

TEST_F(TlsProbeTest, RootOtherThanThePinnedOneIsAnotherFederation) {
  const auto listener = Serve(Terms(server));
  ProbeTarget target = Target(*listener);
  target.roots.clear();
  target.pinned_root = foreign.root.fingerprint();
  const Status status = ProbeTls(target).status();
  EXPECT_EQ(status.id(), errors::kFederationMismatch);
  EXPECT_NE(status.what().find(fed.root.fingerprint().short_hex()), std::string::npos) << status.what();
}

TEST_F(TlsProbeTest, ExpiredServerCertificateShowsItsDate) {
  const Validity past{fed.now - days(90), fed.now - days(2)};
  const auto listener = Serve(Terms(fed.Server(server_key.public_key(), {"127.0.0.1"}, past)));
  const Status status = ProbeTls(Target(*listener)).status();
  EXPECT_EQ(status.id(), errors::kTlsServerExpired);
  EXPECT_NE(status.what().find(DateText(past.not_after)), std::string::npos) << status.what();
}

TEST_F(TlsProbeTest, ExpiredForeignCertificateIsForeignFirst) {
  const Validity past{fed.now - days(90), fed.now - days(2)};
  const auto leaf = foreign.Server(server_key.public_key(), {"other.example"}, past);
  const auto listener = Serve({{leaf, foreign.issuer, foreign.root}, server_key.material(), {fed.root}});
  EXPECT_EQ(ProbeTls(Target(*listener)).status().id(), errors::kTlsWrongCa);
}

TEST_F(TlsProbeTest, NotYetValidServerCertificateShowsTheSkew) {
  const Validity later{fed.now + seconds(4000), fed.now + days(90)};
  const auto listener = Serve(Terms(fed.Server(server_key.public_key(), {"127.0.0.1"}, later)));
  const Status status = ProbeTls(Target(*listener)).status();
  EXPECT_EQ(status.id(), errors::kTlsNotYetValid);
  EXPECT_NE(status.why().find("4000 s"), std::string::npos) << Text(status);
}

TEST_F(TlsProbeTest, WrongNameShowsTheDialledAndTheCertified) {
  const auto listener = Serve(Terms(fed.Server(server_key.public_key(), {"other.example.org", "10.0.1.5"})));
  const Status status = ProbeTls(Target(*listener)).status();
  EXPECT_EQ(status.id(), errors::kTlsWrongName);
  EXPECT_NE(
      status.why().find("you dialled 127.0.0.1; the certificate says DNS:other.example.org, IP:10.0.1.5"),
      std::string::npos)
      << Text(status);
}

TEST_F(TlsProbeTest, HostNameIsCheckedLikeAnAddress) {
  const auto listener = Serve(Terms(fed.Server(server_key.public_key(), {"other.example.org"})));
  ProbeTarget target = Target(*listener);
  target.endpoint.host = "localhost";
  EXPECT_EQ(ProbeTls(target).status().id(), errors::kTlsWrongName);
}

TEST_F(TlsProbeTest, SiteCannotPlayTheAggregator) {
  const auto listener = Serve({{site, fed.issuer, fed.root}, site_key.material(), {fed.issuer, fed.root}});
  EXPECT_FALSE(ProbeTls(Target(*listener)).ok());
}

TEST_F(TlsProbeTest, AggregatorOfAnotherFederationUnderTheSameRootIsRefused) {
  const auto listener = Serve(Terms(server));
  ProbeTarget target = Target(*listener);
  target.federation = "lungnet";
  EXPECT_EQ(ProbeTls(target).status().id(), errors::kFederationMismatch);
}

TEST_F(TlsProbeTest, NoCertificateOfOurs) {
  const auto listener = Serve(Terms(server));
  ProbeTarget target = Target(*listener);
  target.identity.clear();
  EXPECT_EQ(ProbeTls(target).status().id(), errors::kTlsNoClientCert);
}

TEST_F(TlsProbeTest, OurCertificateOfAnotherCa) {
  for (const char* name : {"lungnet", "heartnet"}) {  // another federation; one of this name made anew
    const TestFederation other{name};
    const auto listener = Serve(Terms(server));
    ProbeTarget target = Target(*listener);
    target.identity = {other.Leaf(PeerRole::kSite, "site-a", site_key.public_key())};
    const Status status = ProbeTls(target).status();
    EXPECT_EQ(status.id(), errors::kTlsOurCertUnknownCa) << Text(status);
    EXPECT_NE(status.what().find("issued by CN=" + std::string(name) + " issuer"), std::string::npos)
        << status.what();
  }
}

TEST_F(TlsProbeTest, OurCertificateExpired) {
  const Validity past{fed.now - days(90), fed.now - hours(1)};
  const auto listener = Serve(Terms(server));
  ProbeTarget target = Target(*listener);
  target.identity = {fed.Leaf(PeerRole::kSite, "site-a", site_key.public_key(), past)};
  const Status status = ProbeTls(target).status();
  EXPECT_EQ(status.id(), errors::kTlsOurCertExpired) << Text(status);
  EXPECT_NE(status.what().find(DateText(past.not_after)), std::string::npos) << status.what();
}

TEST_F(TlsProbeTest, OurCertificateNotYetValid) {
  const auto listener = Serve(Terms(server));
  ProbeTarget target = Target(*listener);
  target.identity = {
      fed.Leaf(PeerRole::kSite, "site-a", site_key.public_key(), {fed.now + hours(1), fed.now + days(1)})};
  EXPECT_EQ(ProbeTls(target).status().id(), errors::kTlsOurCertExpired);
}

TEST_F(TlsProbeTest, ServerThatHangsUpWithoutAnAlertIsUnderstoodAllTheSame) {
  auto terms = Terms(server);
  terms.says_why = false;
  const auto probe = [&](std::vector<Certificate> identity) {
    const auto listener = Serve(terms);
    ProbeTarget target = Target(*listener);
    target.identity = std::move(identity);
    return ProbeTls(target).status();
  };
  EXPECT_TRUE(probe({site}).ok());
  EXPECT_EQ(probe({}).id(), errors::kTlsNoClientCert);
  const Validity past{fed.now - days(90), fed.now - hours(1)};
  EXPECT_EQ(probe({fed.Leaf(PeerRole::kSite, "site-a", site_key.public_key(), past)}).id(),
            errors::kTlsOurCertExpired);
  for (const char* name : {"lungnet", "heartnet"}) {
    const Status status =
        probe({TestFederation{name}.Leaf(PeerRole::kSite, "site-a", site_key.public_key())});
    EXPECT_EQ(status.id(), errors::kTlsOurCertUnknownCa) << Text(status);
  }
}

TEST_F(TlsProbeTest, OurKeyOfAnotherCertificateIsFoundBeforeDialling) {
  const TlsKey other = TlsKey::Generate();
  ProbeTarget target{.endpoint = {"no-such-host.invalid", 1}, .roots = {fed.root}, .now = fed.now};
  target.identity = {site};
  target.key = &other.material();
  EXPECT_EQ(ProbeTls(target).status().id(), errors::kTlsKeyMismatch);
}

TEST_F(TlsProbeTest, PlaintextServerIsQuoted) {
  const LoopbackServer listener([](int fd) {
    char buffer[64];
    if (read(fd, buffer, sizeof buffer) > 0 && write(fd, "HTTP/1.1 400 Bad\r\n\r\n", 20) > 0)
      LoopbackServer::DrainUntilClosed(fd);
  });
  const Status status = ProbeTls(Target(listener)).status();
  EXPECT_EQ(status.id(), errors::kTlsPlaintextServer);
  EXPECT_NE(status.what().find("'HTTP/1.1 400 Bad'"), std::string::npos) << status.what();
}

TEST_F(TlsProbeTest, ServerThatHangsUpOrSaysNothingIsToldApart) {
  const LoopbackServer hangs_up([](int fd) {
    char byte = 0;
    while (read(fd, &byte, 1) == 1 && byte != 0x16) {
    }
    shutdown(fd, SHUT_WR);
    LoopbackServer::DrainUntilClosed(fd);
  });
  EXPECT_EQ(ProbeTls(Target(hangs_up)).status().id(), errors::kTlsHandshake);
  const LoopbackServer silent([](int fd) { LoopbackServer::DrainUntilClosed(fd); });
  ProbeTarget target = Target(silent);
  target.handshake_timeout = milliseconds(100);
  EXPECT_EQ(ProbeTls(target).status().id(), errors::kNetLost);
}

TEST_F(TlsProbeTest, ServerWithoutTls13IsRefused) {
  auto terms = Terms(server);
  terms.highest_version = TLS1_2_VERSION;
  const auto listener = Serve(terms);
  const Status status = ProbeTls(Target(*listener)).status();
  EXPECT_EQ(status.id(), errors::kTlsHandshake);
  EXPECT_NE(status.what().find("does not speak TLS 1.3"), std::string::npos) << status.what();
}

TEST_F(TlsProbeTest, PlaintextClientIsQuotedByTheServer) {
  Status verdict;
  std::uint16_t port = 0;
  {
    const LoopbackServer listener([&verdict](int fd) {
      char bytes[16];
      const ssize_t got = read(fd, bytes, sizeof bytes);
      verdict = CheckClientHello(
          std::as_bytes(std::span(bytes, static_cast<std::size_t>(std::max<ssize_t>(got, 0)))));
    });
    port = listener.port();
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(write(fd, "PRI * HTTP/2.0\r\n", 16), 16);
    LoopbackServer::DrainUntilClosed(fd);
    close(fd);
  }
  EXPECT_EQ(verdict.id(), errors::kTlsPlaintextClient);
  EXPECT_NE(verdict.what().find("'PRI * HTTP/2.0'"), std::string::npos) << verdict.what();
  EXPECT_TRUE(CheckClientHello(FromHex("160301").value()).ok());
  EXPECT_EQ(CheckClientHello({}).id(), errors::kTlsPlaintextClient);
}

}  // namespace
}  // namespace cairn
