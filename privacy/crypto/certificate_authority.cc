#include "privacy/crypto/certificate_authority.h"

#include <algorithm>
#include <system_error>

#include "privacy/crypto/private_file.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;
using std::chrono::minutes;
using std::chrono::seconds;

Status WriteText(const fs::path& path, std::string_view text) { return WritePublicFile(path, AsBytes(text)); }

Result<Certificate> ReadCertificate(const fs::path& path) {
  CAIRN_ASSIGN_OR_RETURN(const Bytes pem, ReadPublicFile(path));
  Result<Certificate> certificate = Certificate::FromPem(AsText(pem));
  if (!certificate.ok()) return std::move(certificate).status().Within(path.string());
  return certificate;
}

Result<std::string> ReadFederation(const fs::path& path) {
  CAIRN_ASSIGN_OR_RETURN(const Bytes bytes, ReadPublicFile(path, 256));
  std::string name(AsText(bytes));
  while (!name.empty() && (name.back() == '\n' || name.back() == '\r')) name.pop_back();
  if (!IsMemberName(name))
    return Status(errors::kTlsCertificate, path.string() + " holds no federation name");
  return name;
}

Status CheckPair(const PublicKey& key, const Certificate& certificate, const fs::path& path) {
  if (certificate.public_key() == key) return {};
  return Status(errors::kTlsKeyMismatch, path.string() + " is not the certificate of the key beside it");
}

Status WriteIssuer(const fs::path& folder, const RootKey& root_key, const Certificate& root,
                   std::string_view federation, Validity life) {
  const IssuerKey key = IssuerKey::Generate();
  CAIRN_ASSIGN_OR_RETURN(const Certificate issuer,
                         MakeIssuerCertificate(root_key, root, key.public_key(), federation, life));
  CAIRN_RETURN_IF_ERROR(MakePrivateFolder(folder));
  CAIRN_RETURN_IF_ERROR(key.Save(folder / "issuer.key"));
  CAIRN_RETURN_IF_ERROR(WriteText(folder / "issuer.pem", issuer.ToPem()));
  CAIRN_RETURN_IF_ERROR(WriteText(folder / "root.pem", root.ToPem()));
  return WriteText(folder / "federation", std::string(federation) + "\n");
}

}  // namespace

Result<CertificateAuthority> CertificateAuthority::Create(const fs::path& folder, std::string_view federation,
                                                          const SecretBytes& passphrase, UnixTime now) {
  std::error_code error;
  if (fs::exists(folder / "root.key", error)) {
    return Status(errors::kKeyFile, (folder / "root.key").string() + " exists already")
        .Why("a new root key would make a new federation and orphan every member of the old one")
        .Mend("choose another --dir, or use the authority that is there");
  }
  RootKey key = RootKey::Generate();
  CAIRN_ASSIGN_OR_RETURN(Certificate root,
                         MakeRootCertificate(key, federation, {now - minutes(5), now + kRootLife}));
  CAIRN_RETURN_IF_ERROR(MakePrivateFolder(folder));
  CAIRN_RETURN_IF_ERROR(
      WriteIssuer(folder / "issuer", key, root, federation, {now - minutes(5), now + kIssuerLife}));
  CAIRN_RETURN_IF_ERROR(WriteText(folder / "root.pem", root.ToPem()));
  // Last: its presence means that everything else is there.
  CAIRN_RETURN_IF_ERROR(key.Save(folder / "root.key", passphrase));
  return CertificateAuthority(std::string(federation), std::move(key), std::move(root));
}

Result<CertificateAuthority> CertificateAuthority::Open(const fs::path& folder,
                                                        const SecretBytes& passphrase) {
  CAIRN_ASSIGN_OR_RETURN(RootKey key, RootKey::Load(folder / "root.key", passphrase));
  CAIRN_ASSIGN_OR_RETURN(Certificate root, ReadCertificate(folder / "root.pem"));
  CAIRN_RETURN_IF_ERROR(CheckPair(key.public_key(), root, folder / "root.pem"));
  CAIRN_ASSIGN_OR_RETURN(std::string federation, ReadFederation(folder / "issuer" / "federation"));
  return CertificateAuthority(std::move(federation), std::move(key), std::move(root));
}

Result<Bytes> CertificateAuthority::Sign(const Roster& roster) const {
  if (roster.federation != federation_) {
    return Status(errors::kFederationMismatch,
                  "the roster is of " + roster.federation + ", this root of " + federation_);
  }
  return SignRoster(roster, key_);
}

Result<CertificateIssuer> CertificateIssuer::Open(const fs::path& folder) {
  CAIRN_ASSIGN_OR_RETURN(IssuerKey key, IssuerKey::Load(folder / "issuer.key"));
  CAIRN_ASSIGN_OR_RETURN(Certificate issuer, ReadCertificate(folder / "issuer.pem"));
  CAIRN_ASSIGN_OR_RETURN(Certificate root, ReadCertificate(folder / "root.pem"));
  CAIRN_ASSIGN_OR_RETURN(std::string federation, ReadFederation(folder / "federation"));
  CAIRN_RETURN_IF_ERROR(CheckPair(key.public_key(), issuer, folder / "issuer.pem"));
  // At a time when it is valid: an old issuer is found out when it issues.
  const Status chain = VerifyChain(issuer, {{root}, {}, issuer.validity().not_before, TlsSide::kServer});
  if (chain.id() == errors::kTlsWrongCa) {
    return Status(errors::kTlsWrongCa,
                  (folder / "issuer.pem").string() + " is not signed by the root beside it");
  }
  return CertificateIssuer(std::move(federation), std::move(key), std::move(issuer), std::move(root));
}

Result<Validity> CertificateIssuer::LeafValidity(UnixTime now, seconds life) const {
  const Validity own = issuer_.validity();
  if (now < own.not_before || now >= own.not_after) {
    return Status(errors::kTlsCertificate,
                  "the issuer's certificate (" + issuer_.subject() + ") is not valid now")
        .Mend("make a new issuer with the root key, or set this machine's clock");
  }
  return Validity{std::max(now - minutes(5), own.not_before), std::min(now + life, own.not_after)};
}

Result<Certificate> CertificateIssuer::IssueServer(const PublicKey& key, std::string_view name,
                                                   std::vector<std::string> server_names, UnixTime now,
                                                   seconds life) const {
  CAIRN_ASSIGN_OR_RETURN(const Validity validity, LeafValidity(now, life));
  return MakeLeafCertificate(
      key_, issuer_, key,
      {{federation_, PeerRole::kAggregator, std::string(name)}, validity, std::move(server_names)});
}

Result<Certificate> CertificateIssuer::IssueMember(const PublicKey& key, std::string_view name, PeerRole role,
                                                   UnixTime now, seconds life) const {
  if (role == PeerRole::kInvite || role == PeerRole::kAggregator) {
    return Status(errors::kWrongRole, "'" + std::string(ToString(role)) + "' is not the role of a member");
  }
  CAIRN_ASSIGN_OR_RETURN(const Validity validity, LeafValidity(now, life));
  return MakeLeafCertificate(key_, issuer_, key, {{federation_, role, std::string(name)}, validity, {}});
}

Result<Invite> CertificateIssuer::IssueInvite(const Endpoint& address, std::string_view name, PeerRole role,
                                              UnixTime now, seconds life) const {
  if (role == PeerRole::kInvite || role == PeerRole::kAggregator) {
    return Status(errors::kWrongRole, "nobody is invited to be '" + std::string(ToString(role)) + "'");
  }
  CAIRN_ASSIGN_OR_RETURN(const Validity validity, LeafValidity(now, life));
  BootstrapKey key = BootstrapKey::Generate();
  CAIRN_ASSIGN_OR_RETURN(
      Certificate certificate,
      MakeLeafCertificate(key_, issuer_, key.public_key(),
                          {{federation_, PeerRole::kInvite, std::string(name)}, validity, {}}));
  return Invite{address,        std::string(name),     federation_,
                role,           root_.fingerprint(),   validity.not_after,
                std::move(key), std::move(certificate)};
}

Status CheckRootIsElsewhere(const fs::path& issuer_folder) {
  std::error_code error;
  for (const fs::path& folder : {issuer_folder, issuer_folder.parent_path()}) {
    if (fs::exists(folder / "root.key", error)) {
      return Status(errors::kRootOnAggregator, (folder / "root.key").string() + " lies on this host");
    }
  }
  return {};
}

}  // namespace cairn
