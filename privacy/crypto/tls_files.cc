#include "privacy/crypto/tls_files.h"

#include "privacy/crypto/keys.h"
#include "privacy/crypto/private_file.h"
#include "privacy/crypto/verify_chain.h"

namespace cairn {
namespace {

Result<std::vector<Certificate>> ReadChain(const std::filesystem::path& path) {
  CAIRN_ASSIGN_OR_RETURN(const Bytes pem, ReadPublicFile(path));
  Result<std::vector<Certificate>> chain = Certificate::ChainFromPem(AsText(pem));
  if (!chain.ok()) return std::move(chain).status().Within(path.string());
  return chain;
}

Status CheckKeyKind(const std::vector<Certificate>& chain, const std::filesystem::path& path) {
  for (const Certificate& certificate : chain) {
    const std::string& kind = certificate.key_text();
    if (kind != ToString(KeyKind::kP256) && kind != ToString(KeyKind::kEd25519)) {
      return Status(errors::kTlsCertificate, path.string() + ": expected P-256 or Ed25519 keys, got " + kind +
                                                 " in the certificate of " + certificate.label());
    }
  }
  return {};
}

Status CheckTime(const Certificate& leaf, bool server, UnixTime now) {
  const Validity validity = leaf.validity();
  if (now >= validity.not_before && now <= validity.not_after) return {};
  ChainFaults faults;
  faults.expired = now > validity.not_after;
  faults.not_yet_valid = !faults.expired;
  return server ? ServerFault(faults, leaf, now, "") : ClientFault(faults, leaf, now);
}

}  // namespace

Result<Certificate> CheckTlsFiles(const TlsFiles& files, UnixTime now) {
  CAIRN_ASSIGN_OR_RETURN(const std::vector<Certificate> chain, ReadChain(files.certificate));
  CAIRN_RETURN_IF_ERROR(CheckKeyKind(chain, files.certificate));
  CAIRN_ASSIGN_OR_RETURN(const std::vector<Certificate> roots, ReadChain(files.roots));
  CAIRN_ASSIGN_OR_RETURN(const SecretBytes pem, ReadPrivateFile(files.key));
  Result<PrivateKey> key = PrivateKey::FromPem(pem, {});
  if (!key.ok()) return std::move(key).status().Within(files.key.string());
  const Certificate& leaf = chain.front();
  if (key->public_key() != leaf.public_key()) {
    return Status(errors::kTlsKeyMismatch,
                  files.key.string() + " is not the key of " + files.certificate.string());
  }
  CAIRN_ASSIGN_OR_RETURN(const PeerIdentity identity, leaf.identity());
  if (Status time = CheckTime(leaf, identity.role == PeerRole::kAggregator, now); !time.ok()) {
    return std::move(time).Within(files.certificate.string());
  }
  return leaf;
}

}  // namespace cairn
