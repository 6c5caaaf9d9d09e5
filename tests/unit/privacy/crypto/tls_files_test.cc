#include "privacy/crypto/tls_files.h"

#include <gtest/gtest.h>

#include "privacy/crypto/openssl_key.h"
#include "privacy/crypto/private_file.h"
#include "tests/unit/privacy/crypto/scratch_folder.h"
#include "tests/unit/privacy/crypto/test_federation.h"

#include <openssl/pem.h>

namespace cairn {
namespace {

class TlsFilesTest : public testing::Test {
 protected:
  TlsFilesTest() {
    EXPECT_TRUE(key.Save(files.key).ok());
    Write(files.certificate, ToPem(std::vector{fed.Server(key.public_key(), {"localhost"}), fed.issuer}));
    Write(files.roots, fed.root.ToPem());
  }
  static void Write(const std::filesystem::path& path, std::string_view text) {
    EXPECT_TRUE(WritePublicFile(path, AsBytes(text)).ok());
  }
  ErrorId Check() const { return CheckTlsFiles(files, fed.now).status().id(); }

  ScratchFolder folder;
  TestFederation fed;
  TlsKey key = TlsKey::Generate();
  TlsFiles files{folder / "tls.pem", folder / "tls.key", folder / "roots.pem"};
};

TEST_F(TlsFilesTest, MatchingFilesPassAndGiveTheCertificate) {
  const auto leaf = CheckTlsFiles(files, fed.now);
  ASSERT_TRUE(leaf.ok()) << leaf.status().ToString();
  EXPECT_EQ(leaf->identity()->role, PeerRole::kAggregator);
}

TEST_F(TlsFilesTest, KeyOfAnotherCertificateIsNamed) {
  ASSERT_TRUE(TlsKey::Generate().Save(files.key).ok());
  const Status status = CheckTlsFiles(files, fed.now).status();
  EXPECT_EQ(status.id(), errors::kTlsKeyMismatch);
  EXPECT_NE(status.what().find("tls.key is not the key of"), std::string::npos) << status.what();
}

TEST_F(TlsFilesTest, MissingAndDamagedFilesAreNamed) {
  Write(files.roots, "nothing");
  EXPECT_EQ(Check(), errors::kTlsCertificate);
  std::filesystem::remove(files.roots);
  EXPECT_EQ(Check(), errors::kNotFound);
}

TEST_F(TlsFilesTest, ExpiredCertificateIsCalledSoForEachSide) {
  const Validity past{fed.now - std::chrono::days(9), fed.now - std::chrono::days(1)};
  Write(files.certificate, fed.Server(key.public_key(), {"localhost"}, past).ToPem());
  EXPECT_EQ(Check(), errors::kTlsServerExpired);
  Write(files.certificate, fed.Leaf(PeerRole::kSite, "site-a", key.public_key(), past).ToPem());
  EXPECT_EQ(Check(), errors::kTlsOurCertExpired);
}

TEST_F(TlsFilesTest, RsaIsRefusedInCertificateAndKey) {
  const ossl::Pkey rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  const auto leaf = fed.Server(ossl::PublicKeyOf(rsa.get()), {"localhost"});
  Write(files.certificate, leaf.ToPem());
  const Status certificate = CheckTlsFiles(files, fed.now).status();
  EXPECT_EQ(certificate.id(), errors::kTlsCertificate);
  EXPECT_NE(certificate.what().find("got RSA 2048 bits"), std::string::npos) << certificate.what();

  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  ASSERT_EQ(PEM_write_bio_PrivateKey(bio.get(), rsa.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
  const Status read = TlsKey::FromPem(SecretBytes::CopyOf(ossl::TakeText(bio.get()))).status();
  EXPECT_EQ(read.id(), errors::kKeyFile);
  EXPECT_NE(read.what().find("got RSA 2048 bits"), std::string::npos) << read.what();
}

}  // namespace
}  // namespace cairn
