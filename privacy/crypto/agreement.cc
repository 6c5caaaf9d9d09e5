#include "privacy/crypto/agreement.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/check.h"
#include "privacy/crypto/openssl_ptr.h"
#include "privacy/crypto/secure_random.h"
#include "privacy/crypto/x25519_lanes.h"

namespace cairn {
namespace {

Status NoSecret(const AgreementPublic& peer) {
  return Status(errors::kSecAggKey,
                "X25519 with public key " + ToHex(std::span(peer.bytes).first(4)) + "… gives no secret");
}

// One private key in every lane. Wiped.
class AgreementLanes {
 public:
  static constexpr std::size_t kWorth = 2;  // one agreement alone is quicker through OpenSSL

  AgreementLanes(const X25519Lanes& lanes, const SecretBytes& secret) : lanes_(lanes) {
    std::byte* out = scalars_.Overwrite(RevealSecret{}).data();
    for (std::size_t lane = 0; lane < kX25519Lanes; ++lane) {
      out = std::ranges::copy(secret.Reveal(RevealSecret{}), out).out;
    }
  }

  // Appends what up to eight peers give.
  Status Derive(std::span<const AgreementPublic> peers, std::vector<SecretBytes>& shared) {
    std::array<std::byte, kAll> points{};
    for (std::size_t i = 0; i < peers.size(); ++i) {
      std::ranges::copy(peers[i].bytes, points.begin() + static_cast<std::ptrdiff_t>(i * kX25519Bytes));
    }
    lanes_.multiply(scalars_.Reveal(RevealSecret{}).data(), points.data(),
                    products_.Overwrite(RevealSecret{}).data());
    for (std::size_t i = 0; i < peers.size(); ++i) {
      const auto product = products_.Reveal(RevealSecret{}).subspan(i * kX25519Bytes, kX25519Bytes);
      shared.push_back(SecretBytes::CopyOf(product));
      if (shared.back() == zero_) return NoSecret(peers[i]);
    }
    return Status::Ok();
  }

 private:
  static constexpr std::size_t kAll = kX25519Lanes * kX25519Bytes;
  const X25519Lanes& lanes_;
  SecretBytes scalars_{kAll}, products_{kAll}, zero_{kX25519Bytes};
};

// What the registers of a ladder left on the stack.
[[gnu::noinline]] void WipeStackBelow() {
  std::array<std::byte, 16 << 10> room;
  Wipe(room);
}

}  // namespace

struct Agreement::Handle {
  // Beside OpenSSL's own: what OpenSSL exports passes through memory that it frees without wiping.
  SecretBytes secret;
  ossl::Pkey key;
  ossl::PkeyContext deriving;  // begun once, copied for each peer
};

namespace {

// OpenSSL puts an imported key into ordinary memory, but a duplicate into the locked heap; the first is then
// wiped and freed. Where that heap is full there is no duplicate, and the first has to do.
ossl::Pkey KeyFrom(std::span<const std::byte, 32> secret) {
  ossl::Pkey imported(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, ossl::Data(secret), secret.size()));
  ossl::Pkey locked(imported ? EVP_PKEY_dup(imported.get()) : nullptr);
  if (!locked) ERR_clear_error();
  return locked ? std::move(locked) : std::move(imported);
}

}  // namespace

Agreement::Agreement(std::unique_ptr<Handle> handle, AgreementPublic public_key)
    : handle_(std::move(handle)), public_(public_key) {}
Agreement::Agreement(Agreement&&) noexcept = default;
Agreement& Agreement::operator=(Agreement&&) noexcept = default;
Agreement::~Agreement() = default;

// From the operating system each time: a process or machine that was cloned does not repeat a key.
Agreement Agreement::Generate() {
  const SecretBytes secret = SecureRandom::Secret(AgreementPublic{}.bytes.size());
  return FromSecret(secret.Reveal(RevealSecret{}).first<32>());
}

Agreement Agreement::FromSecret(std::span<const std::byte, 32> secret) {
  ossl::Pkey key = KeyFrom(secret);
  AgreementPublic public_key;
  std::size_t size = public_key.bytes.size();
  CAIRN_CHECK(key && EVP_PKEY_get_raw_public_key(key.get(), ossl::Out(public_key.bytes), &size) == 1 &&
                  size == public_key.bytes.size(),
              "any 32 bytes are a private key of X25519");
  ossl::PkeyContext deriving(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  CAIRN_CHECK(deriving && EVP_PKEY_derive_init(deriving.get()) == 1, "a key of X25519 derives");
  return Agreement(
      std::unique_ptr<Handle>(new Handle{SecretBytes::CopyOf(secret), std::move(key), std::move(deriving)}),
      public_key);
}

SecretBytes Agreement::secret() const { return handle_->secret.Clone(); }

Result<SecretBytes> Agreement::Derive(const AgreementPublic& peer) const {
  const ossl::Pkey theirs(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, ossl::Data(peer.bytes), peer.bytes.size()));
  const ossl::PkeyContext context(EVP_PKEY_CTX_dup(handle_->deriving.get()));
  SecretBytes shared(32);
  std::size_t size = shared.size();
  const bool derived =
      theirs && context && EVP_PKEY_derive_set_peer_ex(context.get(), theirs.get(), 0) == 1 &&
      EVP_PKEY_derive(context.get(), ossl::Out(shared.Overwrite(RevealSecret{})), &size) == 1 &&
      size == shared.size();
  ERR_clear_error();
  if (!derived || shared == SecretBytes(32)) {
    return NoSecret(peer);
  }
  return shared;
}

Result<std::vector<SecretBytes>> Agreement::DeriveAll(std::span<const AgreementPublic> peers) const {
  std::vector<SecretBytes> shared;
  shared.reserve(peers.size());
  if (const X25519Lanes* lanes = ActiveX25519(); lanes != nullptr && peers.size() >= AgreementLanes::kWorth) {
    AgreementLanes eight(*lanes, handle_->secret);
    Status status;
    while (status.ok() && peers.size() - shared.size() >= AgreementLanes::kWorth) {
      const auto left = peers.subspan(shared.size());
      status = eight.Derive(left.first(std::min(left.size(), kX25519Lanes)), shared);
    }
    WipeStackBelow();
    CAIRN_RETURN_IF_ERROR(status);
  }
  for (const AgreementPublic& peer : peers.subspan(shared.size())) {
    CAIRN_ASSIGN_OR_RETURN(shared.emplace_back(), Derive(peer));
  }
  return shared;
}

}  // namespace cairn
