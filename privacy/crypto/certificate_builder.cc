#include "privacy/crypto/certificate_builder.h"

#include <openssl/pem.h>

#include <algorithm>
#include <array>

#include "core/base/check.h"
#include "privacy/crypto/endpoint.h"
#include "privacy/crypto/openssl_key.h"
#include "privacy/crypto/secure_random.h"
#include "privacy/crypto/verify_chain.h"

namespace cairn {
namespace {

// The list of names in OpenSSL's configuration syntax. Every part was checked, so nothing in it can
// add an entry.
Result<std::string> NamesOf(const LeafTerms& terms) {
  const PeerIdentity& identity = terms.identity;
  if (!IsMemberName(identity.federation) || !IsMemberName(identity.name)) {
    return Status(errors::kTlsCertificate, "'" + identity.name + "' of '" + identity.federation +
                                               "' is no name: expected 1 to 63 of a-z, 0-9 and '-'");
  }
  if ((identity.role == PeerRole::kAggregator) == terms.server_names.empty()) {
    return Status(errors::kTlsCertificate, "host names belong to aggregators, which need one; " +
                                               identity.uri() + " has " +
                                               std::to_string(terms.server_names.size()));
  }
  std::string text = "URI:" + identity.uri();
  for (const std::string& name : terms.server_names) {
    const bool address = IsIpAddress(name);
    if (!address && !IsHostName(name)) {
      return Status(errors::kTlsCertificate, "'" + name + "' is neither a host name nor an IP address");
    }
    text += (address ? ",IP:" : ",DNS:") + name;
  }
  return text;
}

// A certificate in the making; every call must succeed, since all inputs were checked before.
class Draft {
 public:
  Draft(const PublicKey& subject, Validity validity) : cert_(X509_new()) {
    const unsigned char* cursor = ossl::Data(subject.der);
    const ossl::Pkey key(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(subject.der.size())));
    valid_ = cert_ && key && X509_set_version(cert_.get(), X509_VERSION_3) == 1 &&
             X509_set_pubkey(cert_.get(), key.get()) == 1 && SetSerial() && SetTime(validity);
  }

  Draft& Names(std::string_view subject, const X509* issuer) {
    X509_NAME* name = X509_get_subject_name(cert_.get());
    if (!subject.empty()) {
      valid_ = valid_ && X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                                    reinterpret_cast<const unsigned char*>(subject.data()),
                                                    static_cast<int>(subject.size()), -1, 0) == 1;
    }
    const X509_NAME* from = issuer == nullptr ? name : X509_get_subject_name(issuer);
    valid_ = valid_ && X509_set_issuer_name(cert_.get(), from) == 1;
    return *this;
  }

  Draft& Extend(int nid, const std::string& value, X509* issuer = nullptr) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer == nullptr ? cert_.get() : issuer, cert_.get(), nullptr, nullptr, 0);
    const ossl::Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    valid_ = valid_ && extension && X509_add_ext(cert_.get(), extension.get(), -1) == 1;
    return *this;
  }

  Result<Certificate> Sign(const PrivateKey& key) {
    const bool made = valid_ && X509_sign(cert_.get(), ossl::KeyOf(key), ossl::DigestFor(key)) > 0;
    const std::string reason = ossl::LastErrorText();
    if (!made) return Status(errors::kTlsCertificate, "the certificate cannot be made: " + reason);
    return FromOpenSsl(cert_.get());
  }

 private:
  bool SetSerial() {
    std::array<std::byte, 16> bytes;
    SecureRandom::FillBytes(bytes);
    bytes[0] &= std::byte{0x7f};  // positive
    const ossl::BigNumber number(BN_bin2bn(ossl::Data(bytes), static_cast<int>(bytes.size()), nullptr));
    return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(cert_.get())) != nullptr;
  }
  bool SetTime(Validity validity) {
    return validity.not_before <= validity.not_after &&
           ASN1_TIME_set(X509_getm_notBefore(cert_.get()), validity.not_before.time_since_epoch().count()) !=
               nullptr &&
           ASN1_TIME_set(X509_getm_notAfter(cert_.get()), validity.not_after.time_since_epoch().count()) !=
               nullptr;
  }

  ossl::Cert cert_;
  bool valid_ = false;
};

Status CheckFederation(std::string_view federation) {
  if (IsMemberName(federation)) return {};
  return Status(errors::kTlsCertificate, "'" + std::string(federation) +
                                             "' is no federation name: expected 1 to 63 of a-z, 0-9 and '-'");
}

}  // namespace

Result<Certificate> MakeRootCertificate(const RootKey& root_key, std::string_view federation,
                                        Validity validity) {
  CAIRN_RETURN_IF_ERROR(CheckFederation(federation));
  return Draft(root_key.public_key(), validity)
      .Names(std::string(federation.substr(0, 55)) + " root", nullptr)
      .Extend(NID_basic_constraints, "critical,CA:TRUE,pathlen:1")
      .Extend(NID_key_usage, "critical,keyCertSign,cRLSign")
      .Extend(NID_subject_key_identifier, "hash")
      .Sign(root_key.material());
}

Result<Certificate> MakeIssuerCertificate(const RootKey& root_key, const Certificate& root,
                                          const PublicKey& issuer_key, std::string_view federation,
                                          Validity validity) {
  CAIRN_RETURN_IF_ERROR(CheckFederation(federation));
  const ossl::Cert parent = ToOpenSsl(root);
  return Draft(issuer_key, validity)
      .Names(std::string(federation.substr(0, 55)) + " issuer", parent.get())
      .Extend(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
      .Extend(NID_key_usage, "critical,keyCertSign,cRLSign")
      .Extend(NID_subject_key_identifier, "hash")
      .Extend(NID_authority_key_identifier, "keyid", parent.get())
      .Sign(root_key.material());
}

Result<Certificate> MakeLeafCertificate(const IssuerKey& issuer_key, const Certificate& issuer,
                                        const PublicKey& subject, const LeafTerms& terms) {
  CAIRN_ASSIGN_OR_RETURN(const std::string names, NamesOf(terms));
  const bool server = terms.identity.role == PeerRole::kAggregator;
  const ossl::Cert parent = ToOpenSsl(issuer);
  // No subject: names live in the list of names alone, which RFC 5280 then wants critical.
  return Draft(subject, terms.validity)
      .Names("", parent.get())
      .Extend(NID_key_usage, "critical,digitalSignature")
      .Extend(NID_ext_key_usage, server ? "serverAuth,clientAuth" : "clientAuth")
      .Extend(NID_subject_alt_name, "critical," + names)
      .Sign(issuer_key.material());
}

std::string MakeCertificateRequest(const TlsKey& key, std::string_view name) {
  const ossl::Request request(X509_REQ_new());
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  CAIRN_CHECK(
      request && bio && X509_REQ_set_pubkey(request.get(), ossl::KeyOf(key.material())) == 1 &&
          X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request.get()), NID_commonName, MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(name.data()),
                                     static_cast<int>(std::min<std::size_t>(name.size(), 63)), -1, 0) == 1 &&
          X509_REQ_sign(request.get(), ossl::KeyOf(key.material()), EVP_sha256()) > 0 &&
          PEM_write_bio_X509_REQ(bio.get(), request.get()) == 1,
      "a request can be made");
  return ossl::TakeText(bio.get());
}

Result<PublicKey> VerifyCertificateRequest(std::string_view pem) {
  constexpr std::size_t kMaxRequest = 16 * 1024;
  if (pem.size() > kMaxRequest) {
    return Status(errors::kPossessionProof, "the certificate request has " + std::to_string(pem.size()) +
                                                " bytes, expected at most 16384");
  }
  const ossl::Bio bio = ossl::ReadBio(pem);
  const ossl::Request request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  EVP_PKEY* key = request ? X509_REQ_get0_pubkey(request.get()) : nullptr;
  ERR_clear_error();
  if (key == nullptr)
    return Status(errors::kPossessionProof, "expected a certificate request in PEM, found none");
  if (!ossl::IsKind(key, KeyKind::kP256)) {
    return Status(errors::kPossessionProof,
                  "expected a P-256 key in the certificate request, got " + ossl::DescribeKey(key));
  }
  const bool signed_by_it = X509_REQ_verify(request.get(), key) == 1;
  ERR_clear_error();
  if (!signed_by_it)
    return Status(errors::kPossessionProof, "the certificate request is not signed by its own key");
  return ossl::PublicKeyOf(key);
}

}  // namespace cairn
