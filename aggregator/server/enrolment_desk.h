#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/server/aggregator_config.h"
#include "aggregator/server/enrolment_records.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/runtime/file_lock.h"
#include "privacy/crypto/certificate_authority.h"
#include "privacy/crypto/endpoint.h"
#include "privacy/crypto/roster.h"
#include "protocol/transport/enrolment.h"

namespace cairn {

struct EnrolmentDeskConfig {
  std::filesystem::path folder;              // its own: invites, roster, issued certificates
  std::filesystem::path issuer;              // folder of the issuing authority
  std::filesystem::path root;                // folder of the root key; empty where it is kept elsewhere
  std::filesystem::path server_certificate;  // what sites see of the aggregator: part of the five words
  Endpoint address;                          // that sites dial
  std::string aggregator;                    // its name on the roster
  std::filesystem::path signing_key;         // what it signs masked rounds with; made when absent

  // As aggregator.toml says; the folder is STATE/enrolment. kConfigValue for an address that is none.
  static Result<EnrolmentDeskConfig> From(const AggregatorFileConfig& file);
};

// Where newcomers become members: hands out invites, takes their requests, and asks the root key to
// put who was approved on the roster. The aggregator itself decides nothing: without the root key no
// member is made, and what the roster does not say is not admitted.
//
//   CAIRN_ASSIGN_OR_RETURN(auto desk, EnrolmentDesk::Open(config, clock));
//   GrpcServerConfig{…, .authorize = [&](const auto& peer, const auto& pem) { return desk->Authorize(peer,
//   pem); },
//                    .enrolment = desk.get()};
//
// Every change is on disk before it counts. One desk a folder: a lock in it keeps a second process out.
// Thread-safe.
class EnrolmentDesk final : public EnrolmentHandler {
 public:
  // Errors: the issuer's; kStorageLocked; kStorageCorrupt; kRosterSignature, kRosterRollback for a roster
  // file that is not the one signed last. `clock` is borrowed.
  static Result<std::unique_ptr<EnrolmentDesk>> Open(EnrolmentDeskConfig config, const WallClock& clock);

  const std::string& federation() const { return issuer_.federation(); }

  // A line for one newcomer. A name's newer invite replaces an older one that was not approved. Errors:
  // kUsage for a bad name or one that an active member bears, kWrongRole, kConfigValue where the address is
  // one that nobody can dial.
  Result<Invite> NewInvite(std::string_view name, PeerRole role, std::chrono::seconds life);

  // kPending until approval, to the keys of the first request only: others are kInviteUsed.
  EnrolAnswer OnEnrol(const PeerInfo& invite, const EnrolRequest& request) override;

  struct Approval {
    std::uint64_t roster_version = 0;
    std::size_t active_sites = 0;
    UnixTime certificate_until;
  };
  // Signs the roster with the name on it and issues its certificate. `words` are what the newcomer reads
  // out; empty where a person compares them. kNameUnknown when nobody of that name waits, kNotConfirmed
  // when the words differ; kKeyFile, and CertificateAuthority::Open's errors, for the root key.
  Result<Approval> Approve(std::string_view name, std::string_view words, const SecretBytes& passphrase);

  // Takes the name off the active roster, for good; an invite that was not approved is merely forgotten,
  // which needs no root key. The roster's version. kNameUnknown.
  Result<std::uint64_t> Revoke(std::string_view name, const SecretBytes& passphrase);

  struct Person {  // who is or may become a member
    std::string name;
    PeerRole role = PeerRole::kSite;
    std::string state;        // invited waiting active suspended revoked
    std::string words;        // while waiting
    UnixTime invite_expires;  // while invited or waiting
  };
  std::vector<Person> List() const;  // ascending by name
  std::uint64_t roster_version() const;
  Bytes roster_file() const;  // as the root signed it; empty before the first approval
  const SigningKey& signing_key() const { return signing_key_; }
  Result<VerifyKey> root_key() const { return ToVerifyKey(issuer_.root().public_key()); }

  // May the bearer of this verified certificate come in? Members by the roster in force and the key they
  // were approved with; invites by the certificate made for them.
  Status Authorize(const PeerIdentity& peer, const std::string& certificate_pem) const;

  // Called after the roster changed, without a lock held, on the thread that changed it. Set it before use.
  void OnRosterChange(std::function<void()> listener) { on_roster_change_ = std::move(listener); }

 private:
  EnrolmentDesk(EnrolmentDeskConfig config, const WallClock& clock, FileLock lock, CertificateIssuer issuer,
                PublicKey server_key, SigningKey signing_key)
      : config_(std::move(config)),
        clock_(clock),
        lock_(std::move(lock)),
        issuer_(std::move(issuer)),
        server_key_(std::move(server_key)),
        signing_key_(std::move(signing_key)) {}
  UnixTime Now() const;
  std::filesystem::path IssuedFile(std::string_view name) const;
  Status Restore();
  Status CheckFree(std::string_view name) const;
  Result<EnrolAnswer> TakeRequest(const PeerInfo& invite, const EnrolRequest& request);
  Status Bind(const std::string& name, const EnrolledKeys& keys);
  Result<EnrolAnswer> Answer(const std::string& name) const;
  Status AuthorizeInvite(const PeerIdentity& peer, const Sha256Digest& certificate) const;
  Result<CertificateAuthority> OpenRoot(const SecretBytes& passphrase) const;
  Status PublishRoster(Roster next, const SecretBytes& passphrase);
  Result<Approval> ApproveLocked(const std::string& name, std::string_view words,
                                 const SecretBytes& passphrase);
  Result<std::uint64_t> RevokeLocked(const std::string& name, const SecretBytes& passphrase);
  template <class Change>
  auto ChangeRoster(Change change);

  const EnrolmentDeskConfig config_;
  const WallClock& clock_;
  const FileLock lock_;
  const CertificateIssuer issuer_;
  const PublicKey server_key_;
  const SigningKey signing_key_;
  std::function<void()> on_roster_change_;

  mutable std::mutex mutex_;  // guards what follows
  EnrolmentRecords records_;
  Roster roster_;  // version 0: none signed yet
  Bytes roster_file_;
};

}  // namespace cairn
