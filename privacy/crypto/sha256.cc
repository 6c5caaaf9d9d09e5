#include "privacy/crypto/sha256.h"

#include <algorithm>

#include "core/base/check.h"
#include "privacy/crypto/openssl_ptr.h"
#include "privacy/crypto/text_codec.h"

namespace cairn {

namespace {

// Fetched once: OpenSSL's EVP_sha256() is looked up again at each use, which costs as much as hashing a node.
const EVP_MD* Algorithm() {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return sha256;
}

}  // namespace

struct Sha256::State {
  ossl::DigestContext context{EVP_MD_CTX_new()};
};

std::string Sha256Digest::hex() const { return ToHex(bytes); }

std::string Sha256Digest::short_hex() const {
  const std::string all = hex();
  return all.substr(0, 4) + " " + all.substr(4, 4) + " … " + all.substr(60);
}

std::optional<Sha256Digest> Sha256Digest::Parse(std::string_view hex) {
  const std::optional<Bytes> bytes = hex.size() == 64 ? FromHex(hex) : std::nullopt;
  if (!bytes) return std::nullopt;
  Sha256Digest digest;
  std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
  return digest;
}

Sha256::Sha256() : state_(std::make_unique<State>()) {
  CAIRN_CHECK(state_->context && EVP_DigestInit_ex(state_->context.get(), Algorithm(), nullptr) == 1,
              "OpenSSL has SHA-256");
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

Sha256& Sha256::Update(std::span<const std::byte> bytes) {
  CAIRN_CHECK(state_ != nullptr, "Update after Finish");
  CAIRN_CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1,
              "hashing cannot fail");
  return *this;
}

Sha256Digest Sha256::Finish() && {
  CAIRN_CHECK(state_ != nullptr, "Finish twice");
  Sha256Digest digest;
  CAIRN_CHECK(EVP_DigestFinal_ex(state_->context.get(), ossl::Out(digest.bytes), nullptr) == 1,
              "hashing cannot fail");
  state_.reset();
  return digest;
}

Sha256Digest Sha256::Of(std::span<const std::byte> bytes) {
  return std::move(Sha256().Update(bytes)).Finish();
}
Sha256Digest Sha256::Of(std::string_view text) { return Of(AsBytes(text)); }

}  // namespace cairn
