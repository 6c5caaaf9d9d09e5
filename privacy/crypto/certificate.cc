#include "privacy/crypto/certificate.h"

#include <arpa/inet.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "core/base/check.h"
#include "privacy/crypto/openssl_key.h"

namespace cairn {
namespace {

constexpr std::size_t kMaxDer = 16 * 1024, kMaxChain = 8, kMaxPem = 256 * 1024;
constexpr int kMaxNames = 64;
constexpr std::size_t kMaxNameSize = 512;

Status Unusable(std::string what) { return Status(errors::kTlsCertificate, std::move(what)); }

std::string NameText(const X509_NAME* name) {
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  return ossl::TakeText(bio.get());
}

std::optional<UnixTime> TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return UnixTime(std::chrono::seconds(timegm(&parts)));
}

std::string SerialOf(const X509* cert) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(cert);
  return ToHex(std::as_bytes(
      std::span(ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial)))));
}

// A zero byte inside a name has fooled more than one reader: only visible ASCII passes.
std::optional<std::string> VisibleText(const ASN1_STRING* string) {
  const auto* data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(string));
  const std::string text(data, static_cast<std::size_t>(ASN1_STRING_length(string)));
  const bool visible = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (text.empty() || text.size() > kMaxNameSize || !visible) return std::nullopt;
  return text;
}

std::optional<std::string> AddressText(const ASN1_OCTET_STRING* address) {
  const int size = ASN1_STRING_length(address);
  if (size != 4 && size != 16) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text.data(), text.size());
  return std::string(text.data());
}

struct Names {
  std::vector<std::string> uris, dns_names, addresses;
};

bool AddName(const GENERAL_NAME* name, Names& names) {
  std::optional<std::string> text;
  switch (name->type) {
    case GEN_URI:
      if ((text = VisibleText(name->d.uniformResourceIdentifier))) names.uris.push_back(*text);
      return text.has_value();
    case GEN_DNS:
      if ((text = VisibleText(name->d.dNSName))) names.dns_names.push_back(*text);
      return text.has_value();
    case GEN_IPADD:
      if ((text = AddressText(name->d.iPAddress))) names.addresses.push_back(*text);
      return text.has_value();
    default:
      return true;  // mail addresses and the like say nothing to us
  }
}

Result<Names> NamesOf(const X509* cert) {
  int critical = 0;
  const ossl::GeneralNames list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, nullptr)));
  Names names;
  if (!list) {
    if (critical == -1) return names;  // there is none
    return Unusable("the certificate's list of names cannot be read, or there are two");
  }
  const int count = sk_GENERAL_NAME_num(list.get());
  if (count > kMaxNames) {
    return Unusable("the certificate has " + std::to_string(count) + " names, expected at most " +
                    std::to_string(kMaxNames));
  }
  for (int i = 0; i < count; ++i) {
    if (!AddName(sk_GENERAL_NAME_value(list.get(), i), names)) {
      return Unusable("a name in the certificate is empty, too long or not visible ASCII");
    }
  }
  return names;
}

ossl::Cert ReadDer(std::span<const std::byte> der) {
  const unsigned char* cursor = ossl::Data(der);
  ossl::Cert cert(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));
  if (cert && cursor != ossl::Data(der) + der.size()) cert.reset();
  ERR_clear_error();
  return cert;
}

Bytes DerOf(X509* cert) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(cert, &der);
  CAIRN_CHECK(size > 0, "a parsed certificate can be written");
  const auto* begin = reinterpret_cast<const std::byte*>(der);
  Bytes bytes(begin, begin + size);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

Result<Certificate> Certificate::FromDer(std::span<const std::byte> der) {
  if (der.size() > kMaxDer)
    return Unusable("the certificate has " + std::to_string(der.size()) + " bytes, expected at most 16384");
  const ossl::Cert cert = ReadDer(der);
  if (!cert) return Unusable("the bytes are not one X.509 certificate");
  EVP_PKEY* key = X509_get0_pubkey(cert.get());
  ERR_clear_error();
  if (key == nullptr) return Unusable("the certificate's public key cannot be read");
  const auto not_before = TimeOf(X509_get0_notBefore(cert.get())),
             not_after = TimeOf(X509_get0_notAfter(cert.get()));
  if (!not_before || !not_after) return Unusable("the certificate's validity cannot be read");
  Result<Names> names = NamesOf(cert.get());
  ERR_clear_error();
  if (!names.ok()) return std::move(names).status();

  auto facts = std::make_shared<Facts>();
  facts->der.assign(der.begin(), der.end());
  facts->subject = NameText(X509_get_subject_name(cert.get()));
  facts->issuer = NameText(X509_get_issuer_name(cert.get()));
  facts->serial = SerialOf(cert.get());
  facts->key_text = ossl::DescribeKey(key);
  facts->public_key = ossl::PublicKeyOf(key);
  facts->validity = {*not_before, *not_after};
  facts->is_authority = X509_check_ca(cert.get()) == 1;
  if (const long length = X509_get_pathlen(cert.get()); length >= 0)
    facts->path_length = static_cast<std::uint32_t>(length);
  facts->uris = std::move(names->uris);
  facts->dns_names = std::move(names->dns_names);
  facts->addresses = std::move(names->addresses);
  ERR_clear_error();
  return Certificate(std::move(facts));
}

Result<std::vector<Certificate>> Certificate::ChainFromPem(std::string_view pem) {
  if (pem.size() > kMaxPem)
    return Unusable("the PEM text has " + std::to_string(pem.size()) + " bytes, expected at most 262144");
  const ossl::Bio bio = ossl::ReadBio(pem);
  std::vector<Certificate> chain;
  while (const ossl::Cert cert{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (chain.size() == kMaxChain) return Unusable("more than 8 certificates in one PEM text");
    CAIRN_ASSIGN_OR_RETURN(Certificate next, FromDer(DerOf(cert.get())));
    chain.push_back(std::move(next));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (chain.empty() || !at_end) {
    return Unusable("expected PEM certificates; number " + std::to_string(chain.size() + 1) +
                    " is missing or damaged");
  }
  return chain;
}

Result<Certificate> Certificate::FromPem(std::string_view pem) {
  CAIRN_ASSIGN_OR_RETURN(const std::vector<Certificate> chain, ChainFromPem(pem));
  return chain.front();
}

std::string Certificate::ToPem() const {
  const ossl::Cert cert = ReadDer(der());
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  CAIRN_CHECK(cert && PEM_write_bio_X509(bio.get(), cert.get()) == 1, "a parsed certificate can be written");
  return ossl::TakeText(bio.get());
}

std::string ToPem(std::span<const Certificate> chain) {
  std::string text;
  for (const Certificate& certificate : chain) text += certificate.ToPem();
  return text;
}

std::string Certificate::names_text() const {
  std::string text;
  const auto add = [&text](std::string_view kind, const std::vector<std::string>& names) {
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + std::string(kind) + name;
  };
  add("DNS:", dns_names());
  add("IP:", addresses());
  add("URI:", uris());
  return text.empty() ? "no names" : text;
}

std::string Certificate::label() const {
  const bool named = !(uris().empty() && dns_names().empty() && addresses().empty());
  return named || subject().empty() ? names_text() : subject();
}

Result<PeerIdentity> Certificate::identity() const {
  if (uris().size() != 1) {
    return Unusable("expected one URI in the certificate of " + label() + ", found " +
                    std::to_string(uris().size()));
  }
  CAIRN_ASSIGN_OR_RETURN(PeerIdentity identity, PeerIdentity::ParseUri(uris().front()));
  if (identity.role != PeerRole::kAggregator && !(dns_names().empty() && addresses().empty())) {
    return Unusable("the certificate of " + identity.uri() + " also claims " + names_text() +
                    ": only an aggregator may");
  }
  return identity;
}

}  // namespace cairn
