#include "privacy/crypto/keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <concepts>

#include "privacy/crypto/private_file.h"
#include "privacy/crypto/secure_random.h"
#include "tests/unit/privacy/crypto/scratch_folder.h"

namespace cairn {
namespace {

static_assert(!std::copyable<SigningKey>);
static_assert(!std::same_as<RootKey, SigningKey>);

template <std::size_t kSize>
std::array<std::byte, kSize> Fixed(std::string_view hex) {
  std::array<std::byte, kSize> out{};
  const Bytes bytes = FromHex(hex).value();
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

TEST(SigningKeyTest, GivesTheSecondVectorOfRfc8032) {
  const auto key =
      SigningKey::FromSeed(Fixed<32>("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  EXPECT_EQ(ToHex(key.verify_key().bytes),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const Signature signature = key.Sign(*FromHex("72"));
  EXPECT_EQ(ToHex(signature.bytes),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(key.verify_key().Verifies(*FromHex("72"), signature));
}

TEST(SigningKeyTest, GivesTheFirstAndThirdVectorOfRfc8032) {
  const auto first =
      SigningKey::FromSeed(Fixed<32>("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  EXPECT_EQ(ToHex(first.verify_key().bytes),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(ToHex(first.Sign({}).bytes),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
            "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  const auto third =
      SigningKey::FromSeed(Fixed<32>("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"));
  EXPECT_EQ(ToHex(third.verify_key().bytes),
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
  EXPECT_EQ(ToHex(third.Sign(*FromHex("af82")).bytes),
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
}

TEST(SigningKeyTest, OneFlippedBitAnywhereFailsVerification) {
  const auto key = SigningKey::Generate();
  const Bytes message(AsBytes("round 3").begin(), AsBytes("round 3").end());
  const Signature signature = key.Sign(message);
  for (std::size_t bit = 0; bit < 512; bit += 3) {
    Signature broken = signature;
    broken.bytes[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_FALSE(key.verify_key().Verifies(message, broken)) << bit;
  }
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    Bytes broken = message;
    broken[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_FALSE(key.verify_key().Verifies(broken, signature)) << bit;
  }
  EXPECT_FALSE(SigningKey::Generate().verify_key().Verifies(message, signature));
  EXPECT_FALSE(VerifyKey{}.Verifies(message, Signature{}));
}

TEST(KeyFileTest, KeyComesBackFromItsFileWithMode0600) {
  const ScratchFolder folder;
  const auto key = SigningKey::Generate();
  ASSERT_TRUE(key.Save(folder / "signing.key").ok());
  struct stat info {};
  ASSERT_EQ(stat((folder / "signing.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  const auto again = SigningKey::Load(folder / "signing.key");
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->verify_key(), key.verify_key());
}

TEST(KeyFileTest, OpenModeLinkFolderAndWrongKindAreRefusedByName) {
  const ScratchFolder folder;
  const auto path = folder / "tls.key";
  ASSERT_TRUE(TlsKey::Generate().Save(path).ok());
  EXPECT_TRUE(TlsKey::Load(path).ok());
  const Status kind = SigningKey::Load(path).status();
  EXPECT_EQ(kind.id(), errors::kKeyFile);
  EXPECT_NE(kind.what().find("expected a key of kind Ed25519, got P-256"), std::string::npos) << kind.what();

  ASSERT_EQ(symlink(path.c_str(), (folder / "link.key").c_str()), 0);
  EXPECT_EQ(TlsKey::Load(folder / "link.key").status().id(), errors::kKeyFile);
  EXPECT_EQ(TlsKey::Load(folder.path()).status().id(), errors::kKeyFile);
  EXPECT_EQ(TlsKey::Load(folder / "none.key").status().id(), errors::kNotFound);

  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  const Status mode = TlsKey::Load(path).status();
  EXPECT_EQ(mode.id(), errors::kKeyFile);
  EXPECT_NE(mode.what().find("tls.key has mode 0640, expected 0600"), std::string::npos) << mode.what();
}

TEST(KeyFileTest, PassphraseIsNeededAndMustBeTheRightOne) {
  const SecretBytes right = SecretBytes::CopyOf("correct horse"), wrong = SecretBytes::CopyOf("wrong horse");
  const auto key = RootKey::Generate();
  const SecretBytes pem = key.ToPem(right);
  EXPECT_NE(pem.RevealText(RevealSecret{}).find("BEGIN ENCRYPTED PRIVATE KEY"), std::string_view::npos);
  const auto again = RootKey::FromPem(pem, right);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->verify_key(), key.verify_key());
  EXPECT_EQ(RootKey::FromPem(pem, wrong).status().what(), "the passphrase does not open the key");
  EXPECT_EQ(RootKey::FromPem(pem).status().what(), "the key is protected by a passphrase and none was given");
}

TEST(KeyFileTest, RubbishIsRefused) {
  EXPECT_EQ(TlsKey::FromPem(SecretBytes::CopyOf("")).status().id(), errors::kKeyFile);
  EXPECT_EQ(
      TlsKey::FromPem(SecretBytes::CopyOf("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
          .status()
          .id(),
      errors::kKeyFile);
}

TEST(PrivateFileTest, ReplacingLeavesNoTemporaryBehind) {
  const ScratchFolder folder;
  ASSERT_TRUE(WritePublicFile(folder / "a", AsBytes("one")).ok());
  ASSERT_TRUE(WritePublicFile(folder / "a", AsBytes("two")).ok());
  EXPECT_EQ(AsText(ReadPublicFile(folder / "a").value()), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  EXPECT_EQ(ReadPublicFile(folder / "a", 2).status().id(), errors::kStorageIo);
  EXPECT_EQ(WritePublicFile(folder / "none/a", AsBytes("x")).id(), errors::kNotFound);
}

}  // namespace
}  // namespace cairn
