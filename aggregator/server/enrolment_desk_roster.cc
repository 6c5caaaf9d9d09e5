// What changes the roster, and so needs the root key.
#include <algorithm>
#include <utility>

#include "aggregator/server/enrolment_desk.h"
#include "core/runtime/files.h"
#include "privacy/crypto/five_words.h"
#include "privacy/crypto/private_file.h"

namespace cairn {
namespace {

using State = InviteRecord::State;

// A roster is renewed by every approval and revocation; it lives as long as an issuer, so that a
// federation nobody joins or leaves does not end by itself.
constexpr std::chrono::seconds kRosterLife = kIssuerLife;

}  // namespace

Result<CertificateAuthority> EnrolmentDesk::OpenRoot(const SecretBytes& passphrase) const {
  if (config_.root.empty()) {
    return Status(errors::kKeyFile, "the root key is not on this host, and only it can change the roster")
        .Why("aggregator.toml names no folder as root")
        .Mend("bring the root's folder here for the approval and name it as root in aggregator.toml");
  }
  CAIRN_ASSIGN_OR_RETURN(CertificateAuthority authority,
                         CertificateAuthority::Open(config_.root, passphrase));
  if (authority.root().fingerprint() != issuer_.root().fingerprint()) {
    return Status(errors::kFederationMismatch,
                  config_.root.string() + " holds the root " + authority.root().fingerprint().short_hex() +
                      ", the issuer's is " + issuer_.root().fingerprint().short_hex());
  }
  return authority;
}

// The file first, then the version that forbids older ones: a crash between leaves both good.
Status EnrolmentDesk::PublishRoster(Roster next, const SecretBytes& passphrase) {
  CAIRN_ASSIGN_OR_RETURN(const CertificateAuthority root, OpenRoot(passphrase));
  next.version = roster_.version + 1;
  if (!config_.signing_key.empty()) {
    next.Put({config_.aggregator, PeerRole::kAggregator, signing_key_.verify_key(), server_key_.hash(),
              MemberState::kActive});
  }
  next.valid_until = std::min(Now() + kRosterLife, root.root().validity().not_after);
  CAIRN_ASSIGN_OR_RETURN(Bytes file, root.Sign(next));
  CAIRN_RETURN_IF_ERROR(WritePublicFile(config_.folder / "roster", file));
  roster_ = std::move(next);
  roster_file_ = std::move(file);
  return {};
}

// A roster that is in force is told of even where the note about it failed: whoever it takes off must lose
// the session they have.
template <class Change>
auto EnrolmentDesk::ChangeRoster(Change change) {
  std::uint64_t before = 0, after = 0;
  auto result = [&] {
    const std::lock_guard lock(mutex_);
    before = roster_.version;
    auto changed = change();
    after = roster_.version;
    return changed;
  }();
  if (after != before && on_roster_change_) on_roster_change_();
  return result;
}

Result<EnrolmentDesk::Approval> EnrolmentDesk::Approve(std::string_view name, std::string_view words,
                                                       const SecretBytes& passphrase) {
  return ChangeRoster([&] { return ApproveLocked(std::string(name), words, passphrase); });
}

Result<EnrolmentDesk::Approval> EnrolmentDesk::ApproveLocked(const std::string& name, std::string_view words,
                                                             const SecretBytes& passphrase) {
  const auto record = records_.invites.find(name);
  if (record == records_.invites.end() || record->second.state != State::kWaiting) {
    return Status(errors::kNameUnknown, "no request of " + name + " waits for approval")
        .Why(record == records_.invites.end()      ? "there is no invite of that name"
             : record->second.state == State::kNew ? "its invite was not used yet"
                                                   : "it was approved before")
        .Mend("see `cairn site ls`; the site asks with `cairn client join`");
  }
  if (!words.empty() && !SameWords(words, record->second.words)) {
    return Status(errors::kNotConfirmed, "the five words of " + name + " are others, so nothing was done")
        .Why("the request in hand is not from the machine whose words these are, or they were mistyped")
        .Mend("read them to each other again; if they still differ, revoke the name and send a new invite");
  }
  const EnrolledKeys& keys = *record->second.keys;
  CAIRN_ASSIGN_OR_RETURN(const Certificate certificate,
                         issuer_.IssueMember(keys.tls_key, name, record->second.role, Now()));
  CAIRN_RETURN_IF_ERROR(WriteFileAtomically(IssuedFile(name), certificate.ToPem(), 0644));
  Roster next = roster_;
  next.Put({name, record->second.role, keys.signing_key, keys.tls_key.hash(), MemberState::kActive});
  CAIRN_RETURN_IF_ERROR(PublishRoster(std::move(next), passphrase));
  EnrolmentRecords after = records_;
  after.roster_version = roster_.version;
  after.invites.at(name).state = State::kApproved;
  CAIRN_RETURN_IF_ERROR(SaveRecords(config_.folder / "invites.json", after));
  records_ = std::move(after);
  const auto is_active_site = [](const RosterMember& member) {
    return member.role == PeerRole::kSite && member.state == MemberState::kActive;
  };
  return Approval{roster_.version,
                  static_cast<std::size_t>(std::ranges::count_if(roster_.members, is_active_site)),
                  certificate.validity().not_after};
}

Result<std::uint64_t> EnrolmentDesk::Revoke(std::string_view name, const SecretBytes& passphrase) {
  return ChangeRoster([&] { return RevokeLocked(std::string(name), passphrase); });
}

Result<std::uint64_t> EnrolmentDesk::RevokeLocked(const std::string& name, const SecretBytes& passphrase) {
  const RosterMember* member = roster_.Find(name);
  const bool is_member = member != nullptr && member->state != MemberState::kRevoked;
  if (!is_member && !records_.invites.contains(name)) {
    return Status(errors::kNameUnknown, "neither a member nor an invite is called " + name)
        .Mend("see `cairn site ls`");
  }
  if (is_member) {
    RosterMember revoked = *member;
    revoked.state = MemberState::kRevoked;
    Roster next = roster_;
    next.Put(std::move(revoked));
    CAIRN_RETURN_IF_ERROR(PublishRoster(std::move(next), passphrase));
  }
  EnrolmentRecords after = records_;
  after.roster_version = roster_.version;
  after.invites.erase(name);
  CAIRN_RETURN_IF_ERROR(SaveRecords(config_.folder / "invites.json", after));
  records_ = std::move(after);
  return roster_.version;
}

}  // namespace cairn
