#pragma once

#include <string>
#include <vector>

#include "privacy/crypto/certificate.h"
#include "privacy/crypto/openssl_ptr.h"

// What certificate verification and the TLS probe share. For the .cc files of this folder only.

namespace cairn {

// Everything wrong with a chain at once: OpenSSL stops at its first finding, and an expired foreign
// certificate should be called foreign.
struct ChainFaults {
  bool unknown_issuer = false, expired = false, not_yet_valid = false, wrong_name = false;
  int other = 0;  // X509_V_ERR_* of the first finding that is none of these
  int depth = 0;  // where in the chain that or the time fault was
  bool any() const { return unknown_issuer || expired || not_yet_valid || wrong_name || other != 0; }
};

// Collects into the ChainFaults that Attach tied to the context, and lets verification go on.
void AttachFaults(X509_STORE_CTX* context, ChainFaults* faults);

ossl::Store StoreOf(const std::vector<Certificate>& anchors);
ossl::Cert ToOpenSsl(const Certificate& certificate);
Result<Certificate> FromOpenSsl(X509* certificate);

// The sentence for a fault of a peer's certificate; leaf is what the peer showed, dialled the name
// that was expected in it.
Status ServerFault(const ChainFaults& faults, const Certificate& leaf, UnixTime now,
                   const std::string& dialled);
Status ClientFault(const ChainFaults& faults, const Certificate& leaf, UnixTime now);

std::string DateText(UnixTime time);  // "2026-11-24 07:40 UTC"

}  // namespace cairn
