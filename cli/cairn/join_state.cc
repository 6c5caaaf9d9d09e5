#include "cli/cairn/join_state.h"

#include "cli/frame/version.h"
#include "core/base/config_value.h"
#include "core/runtime/files.h"
#include "privacy/crypto/five_words.h"
#include "privacy/crypto/private_file.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

// What must be left unsaid of a file that is not there.
bool IsThere(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

template <class Key>
Result<Key> LoadOrMake(const fs::path& path) {
  if (IsThere(path)) return Key::Load(path);
  Key key = Key::Generate();
  CAIRN_RETURN_IF_ERROR(key.Save(path));
  return key;
}

Result<Invite> ReadKept(const fs::path& path) {
  CAIRN_ASSIGN_OR_RETURN(const SecretBytes line, ReadPrivateFile(path));
  return ParseInvite(line.RevealText(RevealSecret{}));
}

// Keys of another invite must not be used for this one: it may have gone to somebody else first.
Status Keep(const fs::path& folder, const Invite& invite) {
  if (IsThere(folder / "invite")) {
    const Result<Invite> kept = ReadKept(folder / "invite");
    if (kept.ok() && kept->certificate.fingerprint() == invite.certificate.fingerprint()) return {};
  }
  std::error_code error;
  fs::remove(folder / "site.key", error);
  fs::remove(folder / "signing.key", error);
  return WritePrivateFile(folder / "invite", FormatInvite(invite));
}

std::uint64_t LowestRoster(const fs::path& path, const RosterTrust& trust) {
  const auto file = ReadPublicFile(path);
  if (!file.ok()) return 0;
  const auto roster = VerifyRoster(*file, trust);
  return roster.ok() ? roster->version : 0;
}

std::string Quoted(const std::string& text) { return ToTomlInline(ConfigValue::String(text)); }

}  // namespace

Result<JoinState> JoinState::Open(const fs::path& state_dir, const SecretBytes& line) {
  const fs::path folder = state_dir / "join";
  if (line.empty() && !IsThere(folder / "invite")) {
    return Status(errors::kNotFound, "no invite is kept in " + folder.string());
  }
  CAIRN_ASSIGN_OR_RETURN(Invite invite, line.empty() ? ReadKept(folder / "invite")
                                                     : ParseInvite(line.RevealText(RevealSecret{})));
  CAIRN_RETURN_IF_ERROR(MakePrivateFolder(state_dir));
  CAIRN_RETURN_IF_ERROR(MakePrivateFolder(folder));
  CAIRN_RETURN_IF_ERROR(Keep(folder, invite));
  const bool is_continued = IsThere(folder / "site.key") && IsThere(folder / "signing.key");
  CAIRN_ASSIGN_OR_RETURN(TlsKey tls_key, LoadOrMake<TlsKey>(folder / "site.key"));
  CAIRN_ASSIGN_OR_RETURN(SigningKey signing_key, LoadOrMake<SigningKey>(folder / "signing.key"));
  return JoinState{state_dir, std::move(invite), std::move(tls_key), std::move(signing_key), is_continued};
}

Result<TlsFiles> JoinState::WriteBootstrap(const Certificate& root) const {
  const fs::path folder = state_dir / "join";
  const TlsFiles files{folder / "invite.crt", folder / "invite.key", folder / "roots.crt"};
  CAIRN_RETURN_IF_ERROR(WritePublicFile(files.certificate, AsBytes(invite.certificate.ToPem())));
  CAIRN_RETURN_IF_ERROR(invite.key.Save(files.key));
  CAIRN_RETURN_IF_ERROR(WritePublicFile(files.roots, AsBytes(root.ToPem())));
  return files;
}

EnrolRequest JoinState::Request() const {
  const EnrolmentRequest proof = MakeEnrolmentRequest(invite.federation, invite.name, tls_key, signing_key);
  return {invite.name, proof.certificate_request, std::string(AsText(proof.signing_key.bytes)),
          std::string(AsText(proof.possession.bytes)), "cairn " + std::string(kVersion)};
}

std::string JoinState::Words(const PublicKey& aggregator) const {
  const EnrolledKeys keys{tls_key.public_key(), signing_key.verify_key()};
  return FiveWords(EnrolmentHash({invite.federation, invite.name, keys, invite.root, aggregator}));
}

bool HasJoined(const fs::path& state_dir, const Certificate& bootstrap) {
  const Result<std::string> mark = ReadFile(state_dir / "joined", 1024);
  return mark.ok() && *mark == bootstrap.fingerprint().hex() + "\n" && IsThere(state_dir / "site.crt");
}

Result<Membership> CheckApproval(const JoinState& join, const EnrolAnswer& answer,
                                 const std::vector<Certificate>& shown, const Certificate& root,
                                 UnixTime now) {
  CAIRN_ASSIGN_OR_RETURN(const Certificate leaf, Certificate::FromPem(answer.certificate_chain_pem));
  CAIRN_RETURN_IF_ERROR(VerifyChain(leaf, {{root}, shown, now, TlsSide::kClient}));
  CAIRN_ASSIGN_OR_RETURN(const PeerIdentity identity, leaf.identity());
  if (leaf.public_key() != join.tls_key.public_key()) {
    return Status(errors::kTlsKeyMismatch, "the certificate that came is for another key than ours");
  }
  if (identity.federation != join.invite.federation || identity.name != join.invite.name) {
    return Status(errors::kTlsCertificate, "the certificate that came is for " + identity.uri() +
                                               ", the invite for " + join.invite.name + " of " +
                                               join.invite.federation);
  }
  CAIRN_ASSIGN_OR_RETURN(const VerifyKey root_key, ToVerifyKey(root.public_key()));
  RosterTrust trust{root_key, join.invite.federation, 0, now};
  trust.lowest_version = LowestRoster(join.state_dir / "roster", trust);
  Bytes file(AsBytes(answer.roster).begin(), AsBytes(answer.roster).end());
  CAIRN_ASSIGN_OR_RETURN(const Roster roster, VerifyRoster(file, trust));
  CAIRN_RETURN_IF_ERROR(CheckMember(roster, identity));
  const RosterMember& member = *roster.Find(identity.name);
  if (member.signing_key != join.signing_key.verify_key() || member.tls_key != leaf.public_key().hash()) {
    return Status(errors::kRosterSignature,
                  "roster " + std::to_string(roster.version) + " names other keys for " + identity.name);
  }
  return Membership{identity, leaf, root, roster.version, std::move(file)};
}

Status Settle(const JoinState& join, const Membership& membership) {
  const fs::path& state = join.state_dir;
  CAIRN_RETURN_IF_ERROR(WritePublicFile(state / "roots.crt", AsBytes(membership.root.ToPem())));
  CAIRN_RETURN_IF_ERROR(WritePublicFile(state / "roster", membership.roster_file));
  CAIRN_RETURN_IF_ERROR(join.signing_key.Save(state / "signing.key"));
  CAIRN_RETURN_IF_ERROR(join.tls_key.Save(state / "site.key"));
  CAIRN_RETURN_IF_ERROR(WritePublicFile(state / "site.crt", AsBytes(membership.certificate.ToPem())));
  const std::string mark = join.invite.certificate.fingerprint().hex() + "\n";
  CAIRN_RETURN_IF_ERROR(WriteFileAtomically(state / "joined", std::string_view(mark)));
  std::error_code error;
  fs::remove_all(state / "join", error);
  return SyncFolder(state);
}

std::string StarterClientToml(const JoinState& join, const fs::path& socket, const std::string& proxy) {
  const Invite& invite = join.invite;
  const auto in_state = [&](const char* name) { return Quoted((join.state_dir / name).string()); };
  return "# Made by `cairn client join`.\nschema = 1\nsite = { name = " + Quoted(invite.name) +
         ", federation = " + Quoted(invite.federation) +
         " }\naggregator = { address = " + Quoted(invite.address.text()) +
         " }\nclient = { state_dir = " + Quoted(join.state_dir.string()) +
         ", socket = " + Quoted(socket.string()) + " }\n" +
         (proxy == "env" ? "" : "net = { proxy = " + Quoted(proxy) + " }\n") +
         "\n[tls]\ncertificate = " + in_state("site.crt") + "\nkey = " + in_state("site.key") +
         "\nroots = " + in_state("roots.crt") + R"(

# Name your data here; `cairn data check NAME` looks at it. Paths are absolute.
# [dataset.cardio]
# reader = "csv"
# path = "/srv/cardio/visits.csv"

# The site's law: what is not allowed here is refused, whatever the aggregator says.
[policy]
approval = "manual"           # a person approves each job: cairn client jobs approve ID
secagg = "required"           # where the job says so too: "grouped-ok" lets the aggregator read sums of groups of
                              # sites, "plain-ok" this site's updates
sandbox = "required"
min_cohort = 4                # fewest sites a sum may hold
min_examples = 1
share_site_metrics = false    # of plain jobs; in masked ones nobody can read them
max_upload_mb_per_round = 50

# Which jobs may use which data, by the job's name. Without such a table no job may.
# [policy.dataset.cardio]
# jobs = ["cardio-*"]
)";
}

}  // namespace cairn
