#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "privacy/crypto/certificate.h"
#include "privacy/crypto/endpoint.h"
#include "privacy/crypto/keys.h"
#include "privacy/crypto/secret_bytes.h"

namespace cairn {

// What a site needs for its first contact, as one line of text: where to call, who it will be, which
// root to expect, and a single-use TLS identity (spiffe://<federation>/invite/<name>), so that even
// enrolment runs over mutual TLS. The line is a secret: never print it but to hand it over.
//
//   invite  = "cairn-invite1:" base64url(body)
//   body    = text address, text name, text federation, u8 role, root SHA-256 (32), i64 expiry (Unix
//             seconds), Ed25519 seed (32), u16 size, bootstrap certificate (DER), check (4)
//   text    = u8 size, bytes;  check = first bytes of SHA-256 over all before it; little-endian
struct Invite {
  Endpoint address;
  std::string name, federation;
  PeerRole role = PeerRole::kSite;  // what the name will be; the aggregator trusts its own record of it
  Sha256Digest root;                // fingerprint of the federation's root certificate
  UnixTime expires;
  BootstrapKey key;
  Certificate certificate;  // of key
};

SecretBytes FormatInvite(const Invite& invite);

// Takes the line with blanks around it and line breaks that mail programs put inside. Errors, all
// kInviteMalformed, say what was expected. A parsed invite is consistent: names are names, and
// certificate, key, name and federation belong together.
Result<Invite> ParseInvite(std::string_view line);

Status CheckInviteTime(const Invite& invite, UnixTime now);                   // kInviteExpired
Status CheckInviteRoot(const Invite& invite, const Certificate& shown_root);  // kFederationMismatch

}  // namespace cairn
