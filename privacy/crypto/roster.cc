#include "privacy/crypto/roster.h"

#include <algorithm>

#include "privacy/crypto/transcript.h"
#include "privacy/crypto/verify_chain.h"

namespace cairn {
namespace {

constexpr std::string_view kLabel = "cairn-roster-1";
constexpr std::size_t kMaxFile = 4 * 1024 * 1024, kMaxName = 63, kSignatureSize = 64;
constexpr std::size_t kSmallestMember = 4 + 1 + 1 + 32 + 32 + 1;

Status Untrusted(std::string what) { return Status(errors::kRosterSignature, std::move(what)); }

Bytes Canonical(const Roster& roster) {
  TranscriptWriter writer(kLabel);
  writer.Text(roster.federation).U64(roster.version).I64(roster.valid_until.time_since_epoch().count());
  writer.U32(static_cast<std::uint32_t>(roster.members.size()));
  for (const RosterMember& member : roster.members) {
    writer.Text(member.name).U8(static_cast<std::uint8_t>(member.role)).Fixed(member.signing_key.bytes);
    writer.Fixed(member.tls_key.bytes).U8(static_cast<std::uint8_t>(member.state));
  }
  return writer.bytes();
}

Status CheckForm(const Roster& roster) {
  if (!IsMemberName(roster.federation)) return Untrusted("the roster's federation name is none");
  if (roster.version == 0) return Untrusted("a roster's version begins at 1");
  for (std::size_t i = 0; i < roster.members.size(); ++i) {
    const RosterMember& member = roster.members[i];
    if (!IsMemberName(member.name))
      return Untrusted("name " + std::to_string(i + 1) + " of the roster is none");
    if (ToString(member.role) == "unknown" || member.role == PeerRole::kInvite) {
      return Untrusted("'" + member.name + "' has a role that no member has");
    }
    if (ToString(member.state) == "unknown") return Untrusted("'" + member.name + "' has an unknown state");
    if (i > 0 && !(roster.members[i - 1].name < member.name)) {
      return Untrusted("'" + member.name + "' stands out of order in the roster, or twice");
    }
  }
  return {};
}

Result<Roster> Parse(std::span<const std::byte> content) {
  TranscriptReader reader(content, kLabel);
  Roster roster;
  roster.federation = reader.Text(kMaxName);
  roster.version = reader.U64();
  roster.valid_until = UnixTime(std::chrono::seconds(reader.I64()));
  const std::uint32_t count = reader.U32();
  if (!reader.ok() || count > reader.left() / kSmallestMember)
    return Untrusted("the roster's head is damaged");
  roster.members.resize(count);
  for (RosterMember& member : roster.members) {
    member.name = reader.Text(kMaxName);
    member.role = static_cast<PeerRole>(reader.U8());
    reader.FixedTo(member.signing_key.bytes);
    reader.FixedTo(member.tls_key.bytes);
    member.state = static_cast<MemberState>(reader.U8());
  }
  if (!reader.done()) return Untrusted("the roster's members do not fill it exactly");
  CAIRN_RETURN_IF_ERROR(CheckForm(roster));
  return roster;
}

}  // namespace

std::string_view ToString(MemberState state) {
  switch (state) {
    case MemberState::kActive:
      return "active";
    case MemberState::kSuspended:
      return "suspended";
    case MemberState::kRevoked:
      return "revoked";
  }
  return "unknown";
}

const RosterMember* Roster::Aggregator() const {
  const auto found = std::ranges::find_if(members, [](const RosterMember& member) {
    return member.role == PeerRole::kAggregator && member.state == MemberState::kActive;
  });
  return found == members.end() ? nullptr : &*found;
}

const RosterMember* Roster::Find(std::string_view name) const {
  const auto it = std::lower_bound(
      members.begin(), members.end(), name,
      [](const RosterMember& member, std::string_view wanted) { return member.name < wanted; });
  return it != members.end() && it->name == name ? &*it : nullptr;
}

void Roster::Put(RosterMember member) {
  const auto it =
      std::lower_bound(members.begin(), members.end(), member,
                       [](const RosterMember& a, const RosterMember& b) { return a.name < b.name; });
  if (it != members.end() && it->name == member.name) {
    *it = std::move(member);
  } else {
    members.insert(it, std::move(member));
  }
}

Result<Bytes> SignRoster(const Roster& roster, const RootKey& root_key) {
  CAIRN_RETURN_IF_ERROR(CheckForm(roster));
  Bytes file = Canonical(roster);
  if (file.size() + kSignatureSize > kMaxFile) return Untrusted("the roster would be larger than 4 MiB");
  const Signature signature = root_key.Sign(file);
  file.insert(file.end(), signature.bytes.begin(), signature.bytes.end());
  return file;
}

Result<Roster> VerifyRoster(std::span<const std::byte> file, const RosterTrust& trust) {
  if (file.size() > kMaxFile || file.size() < kSignatureSize) {
    return Untrusted("the roster has " + std::to_string(file.size()) + " bytes, expected 64 to 4194304");
  }
  const auto content = file.first(file.size() - kSignatureSize);
  Signature signature;
  std::copy(file.end() - kSignatureSize, file.end(), signature.bytes.begin());
  // The signature first: not a byte of a forged roster is interpreted.
  if (!trust.root_key.Verifies(content, signature))
    return Untrusted("the roster is not signed by the root of " + trust.federation);
  CAIRN_ASSIGN_OR_RETURN(Roster roster, Parse(content));
  if (roster.federation != trust.federation) {
    return Status(errors::kFederationMismatch,
                  "the roster is of " + roster.federation + ", expected " + trust.federation);
  }
  if (roster.version < trust.lowest_version) {
    return Status(errors::kRosterRollback, "the roster has version " + std::to_string(roster.version) +
                                               ", version " + std::to_string(trust.lowest_version) +
                                               " was seen before");
  }
  if (trust.now > roster.valid_until) {
    return Untrusted("roster " + std::to_string(roster.version) + " was valid until " +
                     DateText(roster.valid_until) + ", now it is " + DateText(trust.now));
  }
  return roster;
}

Status CheckMember(const Roster& roster, const PeerIdentity& peer) {
  const std::string where = " (roster " + std::to_string(roster.version) + ")";
  if (peer.federation != roster.federation) {
    return Status(errors::kFederationMismatch, peer.uri() + " is not of " + roster.federation);
  }
  const RosterMember* member = roster.Find(peer.name);
  if (member == nullptr)
    return Status(errors::kNameUnknown,
                  "'" + peer.name + "' is not a member of " + roster.federation + where);
  if (member->role != peer.role) {
    return Status(errors::kWrongRole, "'" + peer.name + "' is " + std::string(ToString(member->role)) +
                                          ", its certificate says " + std::string(ToString(peer.role)) +
                                          where);
  }
  if (member->state != MemberState::kActive) {
    return Status(errors::kMemberRevoked,
                  "'" + peer.name + "' is " + std::string(ToString(member->state)) + where);
  }
  return {};
}

}  // namespace cairn
