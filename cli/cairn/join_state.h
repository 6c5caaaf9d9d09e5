#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "privacy/crypto/enrolment.h"
#include "privacy/crypto/invite.h"
#include "privacy/crypto/keys.h"
#include "privacy/crypto/roster.h"
#include "privacy/crypto/tls_files.h"
#include "protocol/transport/enrolment.h"

namespace cairn {

// A site's way into a federation, as far as it has come: STATE/join/ holds the invite and the keys made
// for it, so that the same command goes on after an interruption, with the same keys. One thread.
struct JoinState {
  std::filesystem::path state_dir;
  Invite invite;
  TlsKey tls_key;
  SigningKey signing_key;
  bool is_continued = false;  // the keys were there already

  // Takes up `line`, or the invite kept before when it is empty (kNotFound when there is none). Another
  // invite than the one kept gets keys of its own.
  static Result<JoinState> Open(const std::filesystem::path& state_dir, const SecretBytes& line);

  // The invite's identity as files, for the connection that asks; `root` is whom it trusts.
  Result<TlsFiles> WriteBootstrap(const Certificate& root) const;
  EnrolRequest Request() const;
  // What both ends see when nobody stands between: read them to the centre.
  std::string Words(const PublicKey& aggregator) const;
};

// Whether this invite already made a member of this machine.
bool HasJoined(const std::filesystem::path& state_dir, const Certificate& bootstrap);

// What an approval brought, checked: the certificate is for our key, name and federation, under the pinned
// root; the roster is signed by it, not older than one seen before, and names our keys.
struct Membership {
  PeerIdentity identity;
  Certificate certificate, root;
  std::uint64_t roster_version = 0;
  Bytes roster_file;
};
Result<Membership> CheckApproval(const JoinState& join, const EnrolAnswer& answer,
                                 const std::vector<Certificate>& shown, const Certificate& root,
                                 UnixTime now);

// site.crt, site.key, signing.key, roots.crt and roster in the state folder; STATE/join goes away.
Status Settle(const JoinState& join, const Membership& membership);

// The client.toml a new site starts with: its policy allows nothing until a person says so.
std::string StarterClientToml(const JoinState& join, const std::filesystem::path& socket,
                              const std::string& proxy = "env");

}  // namespace cairn
