#include <gtest/gtest.h>

#include <cstdio>

#include "loopback.h"
#include "privacy/crypto/private_file.h"
#include "privacy/crypto/tls_probe.h"
#include "protocol/grpc/grpc_setup.h"

namespace cairn {
namespace {

class GrpcTlsTest : public testing::Test {
 protected:
  GrpcTlsTest() : server_(loopback_.NewServer()) { EXPECT_TRUE(server_->Start(aggregator_, catalog_).ok()); }

  ProbeTarget Target() const {
    return {.endpoint = {"127.0.0.1", server_->port()},
            .federation = "heartnet",
            .roots = {loopback_.federation().root},
            .now = loopback_.federation().now};
  }
  // What the openssl program says of a handshake with these options; empty where there is none.
  std::string Handshake(const std::string& options) const {
    const TlsFiles& files = loopback_.server_files();
    const std::string command = "openssl s_client -connect 127.0.0.1:" + std::to_string(server_->port()) +
                                " -CAfile " + files.roots.string() + " -cert " + files.certificate.string() +
                                " -key " + files.key.string() + " " + options + " </dev/null 2>&1";
    std::string output;
    FILE* pipe = popen(command.c_str(), "r");
    for (int c = pipe == nullptr ? EOF : fgetc(pipe); c != EOF; c = fgetc(pipe))
      output += static_cast<char>(c);
    if (pipe != nullptr) pclose(pipe);
    return output;
  }

  Loopback loopback_;
  TestCatalog catalog_;
  RecordingServer aggregator_;
  std::unique_ptr<GrpcServer> server_;
};

TEST_F(GrpcTlsTest, OnlyTls13IsSpoken) {
  if (Handshake("-tls1_3").find("not found") != std::string::npos) GTEST_SKIP() << "no openssl program";
  EXPECT_NE(Handshake("-tls1_3").find("Cipher is TLS_"), std::string::npos);
  for (const char* old : {"-tls1_2", "-tls1_1"}) {
    EXPECT_NE(Handshake(old).find("Cipher is (NONE)"), std::string::npos) << Handshake(old);
  }
}

TEST_F(GrpcTlsTest, PeerWithoutACertificateIsRefused) {
  const auto report = ProbeTls(Target());
  EXPECT_EQ(report.status().id(), errors::kTlsNoClientCert) << report.status().ToString();
  EXPECT_TRUE(aggregator_.opened.empty());
}

TEST_F(GrpcTlsTest, CertificateOfAnotherFederationIsRefused) {
  Loopback elsewhere;
  const auto key = TlsKey::Generate();
  ProbeTarget target = Target();
  target.identity = {elsewhere.federation().Leaf(PeerRole::kSite, "site-a", key.public_key()),
                     elsewhere.federation().issuer};
  target.key = &key.material();
  EXPECT_FALSE(ProbeTls(target).ok());
}

TEST_F(GrpcTlsTest, ServerNeedsAnAggregatorsCertificate) {
  GrpcServerConfig config{.address = "127.0.0.1:0",
                          .tls = loopback_.Member("site-a"),
                          .state_dir = loopback_.folder(),
                          .authorize = {}};
  EXPECT_EQ(GrpcServer::Create(config).status().id(), errors::kWrongRole);
}

TEST_F(GrpcTlsTest, KeyOfAnotherCertificateIsRefusedAtTheStart) {
  GrpcServerConfig config{.address = "127.0.0.1:0",
                          .tls = loopback_.server_files(),
                          .state_dir = loopback_.folder(),
                          .authorize = {}};
  config.tls.key = loopback_.Member("site-a").key;
  EXPECT_EQ(GrpcServer::Create(config).status().id(), errors::kTlsKeyMismatch);
}

TEST_F(GrpcTlsTest, AggregatorUnderAnotherNameIsNotBelieved) {
  const auto key = TlsKey::Generate();
  const auto& federation = loopback_.federation();
  const TlsFiles files = loopback_.server_files();
  const std::vector<Certificate> chain = {
      MakeLeafCertificate(
          federation.issuer_key, federation.issuer, key.public_key(),
          {{"heartnet", PeerRole::kAggregator, "main"}, federation.validity, {"elsewhere.example"}})
          .value(),
      federation.issuer};
  ASSERT_TRUE(WriteFileAtomically(files.certificate, ToPem(chain), 0644).ok());
  ASSERT_TRUE(key.Save(files.key).ok());
  const auto impostor = loopback_.NewServer();  // dialled as 127.0.0.1, certified as elsewhere.example
  RecordingServer handler;
  ASSERT_TRUE(impostor->Start(handler, catalog_).ok());
  RecordingClient client;
  const auto channel = loopback_.NewChannel(loopback_.Member("site-a"), impostor->port()).value();
  channel->Open(client);
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_EQ(client.closed[0].id(), errors::kTlsWrongName) << client.closed[0].ToString();
  EXPECT_TRUE(handler.opened.empty());
}

}  // namespace
}  // namespace cairn
