#include "aggregator/server/enrolment_desk.h"

#include <algorithm>
#include <utility>

#include "core/runtime/files.h"
#include "privacy/crypto/five_words.h"
#include "privacy/crypto/private_file.h"

namespace cairn {
namespace {

using State = InviteRecord::State;

Result<EnrolledKeys> KeysOf(const EnrolRequest& request, const std::string& federation,
                            const std::string& name) {
  EnrolmentRequest proof{request.csr_pem, {}, {}};
  if (request.signing_key.size() != proof.signing_key.bytes.size() ||
      request.signing_key_proof.size() != proof.possession.bytes.size()) {
    return Status(errors::kPossessionProof,
                  "the signing key has " + std::to_string(request.signing_key.size()) +
                      " bytes and its proof " + std::to_string(request.signing_key_proof.size()) +
                      ", expected 32 and 64");
  }
  std::ranges::copy(AsBytes(request.signing_key), proof.signing_key.bytes.begin());
  std::ranges::copy(AsBytes(request.signing_key_proof), proof.possession.bytes.begin());
  return VerifyEnrolmentRequest(proof, federation, name);
}

bool CanBeDialled(const Endpoint& address) {
  return !address.host.empty() && address.host != "0.0.0.0" && address.host != "::" && address.port != 0;
}

}  // namespace

namespace {

Result<SigningKey> LoadOrMakeSigningKey(const std::filesystem::path& path) {
  std::error_code error;
  if (path.empty()) return SigningKey::Generate();  // of a desk that signs no masked rounds
  if (std::filesystem::exists(path, error)) return SigningKey::Load(path);
  SigningKey key = SigningKey::Generate();
  CAIRN_RETURN_IF_ERROR(key.Save(path));
  return key;
}

}  // namespace

Result<EnrolmentDeskConfig> EnrolmentDeskConfig::From(const AggregatorFileConfig& file) {
  const std::string& text = file.public_address.empty() ? file.address : file.public_address;
  const std::optional<Endpoint> address = Endpoint::Parse(text);
  if (!address.has_value()) {
    return Status(errors::kConfigValue, "public_address: expected host:port, got '" + text + "'");
  }
  return EnrolmentDeskConfig{file.state_dir / "enrolment",
                             file.issuer,
                             file.root,
                             file.certificate(),
                             *address,
                             file.name,
                             file.signing_key()};
}

Result<std::unique_ptr<EnrolmentDesk>> EnrolmentDesk::Open(EnrolmentDeskConfig config,
                                                           const WallClock& clock) {
  CAIRN_RETURN_IF_ERROR(MakeFolders(config.folder / "issued"));
  CAIRN_ASSIGN_OR_RETURN(FileLock lock, FileLock::Acquire(config.folder / "lock"));
  CAIRN_ASSIGN_OR_RETURN(CertificateIssuer issuer, CertificateIssuer::Open(config.issuer));
  CAIRN_ASSIGN_OR_RETURN(const std::string pem, ReadFile(config.server_certificate, 1 << 20));
  CAIRN_ASSIGN_OR_RETURN(const Certificate server, Certificate::FromPem(pem));
  CAIRN_ASSIGN_OR_RETURN(SigningKey signing_key, LoadOrMakeSigningKey(config.signing_key));
  auto desk = std::unique_ptr<EnrolmentDesk>(new EnrolmentDesk(std::move(config), clock, std::move(lock),
                                                               std::move(issuer), server.public_key(),
                                                               std::move(signing_key)));
  CAIRN_RETURN_IF_ERROR(desk->Restore());
  return desk;
}

Status EnrolmentDesk::Restore() {
  CAIRN_ASSIGN_OR_RETURN(records_, LoadRecords(config_.folder / "invites.json"));
  roster_.federation = federation();
  auto file = ReadPublicFile(config_.folder / "roster");
  if (file.status().id() == errors::kNotFound && records_.roster_version == 0) return {};
  CAIRN_RETURN_IF_ERROR(file.status());
  CAIRN_ASSIGN_OR_RETURN(const VerifyKey root, ToVerifyKey(issuer_.root().public_key()));
  CAIRN_ASSIGN_OR_RETURN(roster_, VerifyRoster(*file, {root, federation(), records_.roster_version, Now()}));
  roster_file_ = *std::move(file);
  // The process may have ended between signing the roster and noting that it did.
  for (auto& [name, invite] : records_.invites) {
    const RosterMember* member = roster_.Find(name);
    const bool is_signed = invite.state == State::kWaiting && member != nullptr &&
                           member->state == MemberState::kActive &&
                           member->tls_key == invite.keys->tls_key.hash();
    if (is_signed) invite.state = State::kApproved;
  }
  return {};
}

UnixTime EnrolmentDesk::Now() const { return std::chrono::floor<std::chrono::seconds>(clock_.Now()); }

std::filesystem::path EnrolmentDesk::IssuedFile(std::string_view name) const {
  return config_.folder / "issued" / (std::string(name) + ".crt");
}

std::uint64_t EnrolmentDesk::roster_version() const {
  const std::lock_guard lock(mutex_);
  return roster_.version;
}

Status EnrolmentDesk::CheckFree(std::string_view name) const {
  const RosterMember* member = roster_.Find(name);
  if (member == nullptr || member->state == MemberState::kRevoked) return {};
  return Status(errors::kUsage, std::string(name) + " is a member already, since roster " +
                                    std::to_string(roster_.version) + " or before")
      .Why("a name is one member's until it is revoked")
      .Mend("choose another name, or first `cairn site revoke " + std::string(name) + "`");
}

Result<Invite> EnrolmentDesk::NewInvite(std::string_view name, PeerRole role, std::chrono::seconds life) {
  if (!IsMemberName(name)) {
    return Status(errors::kUsage, "'" + std::string(name) + "' is not a name")
        .Why("names go into certificates, files and screens")
        .Mend("use 1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit");
  }
  if (!CanBeDialled(config_.address)) {
    return Status(errors::kConfigValue,
                  "no site can dial " + config_.address.text() + ", which the invite would name")
        .Mend("set public_address in aggregator.toml to the aggregator's host:port as sites reach it");
  }
  const std::lock_guard lock(mutex_);
  CAIRN_RETURN_IF_ERROR(CheckFree(name));
  CAIRN_ASSIGN_OR_RETURN(Invite invite, issuer_.IssueInvite(config_.address, name, role, Now(), life));
  EnrolmentRecords next = records_;
  next.invites[std::string(name)] = InviteRecord{.role = role,
                                                 .expires = invite.expires,
                                                 .certificate = invite.certificate.fingerprint(),
                                                 .state = State::kNew,
                                                 .keys = {},
                                                 .words = {},
                                                 .asked = {}};
  CAIRN_RETURN_IF_ERROR(SaveRecords(config_.folder / "invites.json", next));
  records_ = std::move(next);
  return invite;
}

EnrolAnswer EnrolmentDesk::OnEnrol(const PeerInfo& invite, const EnrolRequest& request) {
  Result<EnrolAnswer> answer = TakeRequest(invite, request);
  if (answer.ok()) return *std::move(answer);
  EnrolAnswer refusal;
  refusal.reason = std::move(answer).status();
  return refusal;
}

Result<EnrolAnswer> EnrolmentDesk::TakeRequest(const PeerInfo& invite, const EnrolRequest& request) {
  if (invite.federation != federation()) {
    return Status(errors::kFederationMismatch, "this aggregator is of " + federation());
  }
  CAIRN_ASSIGN_OR_RETURN(const EnrolledKeys keys, KeysOf(request, federation(), invite.name));
  const std::lock_guard lock(mutex_);
  const auto record = records_.invites.find(invite.name);
  if (record == records_.invites.end()) {
    return Status(errors::kNameUnknown, "no invite for " + invite.name + " is open here")
        .Mend("ask the centre for a new one (`cairn invite new`)");
  }
  if (record->second.state == State::kNew) {
    CAIRN_RETURN_IF_ERROR(Bind(invite.name, keys));
  } else if (record->second.keys->digest() != keys.digest()) {
    return Status(errors::kInviteUsed, "the invite of " + invite.name + " was already used with other keys");
  }
  return Answer(invite.name);
}

Status EnrolmentDesk::Bind(const std::string& name, const EnrolledKeys& keys) {
  EnrolmentRecords next = records_;
  InviteRecord& invite = next.invites.at(name);
  if (Now() > invite.expires) {
    return Status(errors::kInviteExpired, "the invite of " + name + " was not used in time");
  }
  invite.state = State::kWaiting;
  invite.keys = keys;
  invite.asked = Now();
  invite.words =
      FiveWords(EnrolmentHash({federation(), name, keys, issuer_.root().fingerprint(), server_key_}));
  CAIRN_RETURN_IF_ERROR(SaveRecords(config_.folder / "invites.json", next));
  records_ = std::move(next);
  return {};
}

// What the newcomer that this invite is bound to hears.
Result<EnrolAnswer> EnrolmentDesk::Answer(const std::string& name) const {
  EnrolAnswer answer;
  answer.state = EnrolState::kPending;
  if (records_.invites.at(name).state != State::kApproved) return answer;
  const RosterMember* member = roster_.Find(name);
  if (member == nullptr || member->state != MemberState::kActive) {
    return Status(errors::kMemberRevoked,
                  name + " is not active in roster " + std::to_string(roster_.version));
  }
  CAIRN_ASSIGN_OR_RETURN(answer.certificate_chain_pem, ReadFile(IssuedFile(name), 1 << 20));
  answer.state = EnrolState::kApproved;
  answer.roster = AsText(roster_file_);
  answer.root_pem = issuer_.root().ToPem();
  return answer;
}

Bytes EnrolmentDesk::roster_file() const {
  const std::lock_guard lock(mutex_);
  return roster_file_;
}

std::vector<EnrolmentDesk::Person> EnrolmentDesk::List() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, Person> people;
  for (const RosterMember& member : roster_.members) {
    if (member.role == PeerRole::kAggregator) continue;  // ourselves
    people[member.name] = {member.name, member.role, std::string(ToString(member.state)), {}, {}};
  }
  for (const auto& [name, invite] : records_.invites) {
    if (invite.state == State::kApproved) continue;
    const bool waits = invite.state == State::kWaiting;
    people[name] = {name, invite.role, waits ? "waiting" : "invited", invite.words, invite.expires};
  }
  std::vector<Person> list;
  for (auto& [name, person] : people) list.push_back(std::move(person));
  return list;
}

Status EnrolmentDesk::Authorize(const PeerIdentity& peer, const std::string& certificate_pem) const {
  CAIRN_ASSIGN_OR_RETURN(const Certificate certificate, Certificate::FromPem(certificate_pem));
  const std::lock_guard lock(mutex_);
  if (peer.role == PeerRole::kInvite) return AuthorizeInvite(peer, certificate.fingerprint());
  CAIRN_RETURN_IF_ERROR(CheckMember(roster_, peer));
  if (roster_.Find(peer.name)->tls_key == certificate.public_key().hash()) return {};
  return Status(errors::kMemberRevoked, "the certificate of " + peer.name +
                                            " is not for the key that roster " +
                                            std::to_string(roster_.version) + " names")
      .Why("the name joined again with other keys")
      .Mend("use the certificate of the latest `cairn client join`");
}

Status EnrolmentDesk::AuthorizeInvite(const PeerIdentity& peer, const Sha256Digest& certificate) const {
  if (peer.federation != federation()) {
    return Status(errors::kFederationMismatch, "this aggregator is of " + federation());
  }
  const auto record = records_.invites.find(peer.name);
  if (record != records_.invites.end() && record->second.certificate == certificate) return {};
  return Status(errors::kNameUnknown,
                "this invite for " + peer.name + " was withdrawn or replaced by a newer one")
      .Mend("use the newest invite, or ask the centre for one");
}

}  // namespace cairn
