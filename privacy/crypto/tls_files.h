#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "privacy/crypto/certificate.h"

namespace cairn {

struct TlsFiles {
  std::filesystem::path certificate;  // PEM: own certificate first, then its issuers
  std::filesystem::path key;          // PEM, mode 0600, without a passphrase
  std::filesystem::path roots;        // PEM: whom to trust
};

// What must hold before TLS starts, since gRPC says nothing helpful about it: the files can be read,
// the key is the certificate's (kTlsKeyMismatch), neither is RSA (kTlsCertificate: a suite list that
// keeps TLS 1.2 out rests on it), the certificate is valid now and for somebody. Returns it.
// Errors: these, and kKeyFile, kNotFound, kStorageIo, kTlsServerExpired, kTlsNotYetValid for an
// aggregator's certificate, kTlsOurCertExpired for a member's.
Result<Certificate> CheckTlsFiles(const TlsFiles& files, UnixTime now);

}  // namespace cairn
