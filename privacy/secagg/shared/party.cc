#include "privacy/secagg/shared/party.h"

#include <algorithm>

#include "privacy/crypto/secure_random.h"

namespace cairn::secagg {
namespace {

class SystemPrimitives final : public Primitives {
 public:
  explicit SystemPrimitives(const SigningKey& key) : key_(key) {}

  void Fill(std::span<std::byte> out) override { SecureRandom::FillBytes(out); }
  Signature Sign(std::span<const std::byte> message) override { return key_.Sign(message); }
  bool Verifies(const VerifyKey& key, std::span<const std::byte> message,
                const Signature& signature) override {
    return key.Verifies(message, signature);
  }
  Result<SecretBytes> Derive(const Agreement& own, const AgreementPublic& peer) override {
    return own.Derive(peer);
  }
  Result<std::vector<SecretBytes>> DeriveAll(const Agreement& own,
                                             std::span<const AgreementPublic> peers) override {
    return own.DeriveAll(peers);
  }

 private:
  const SigningKey& key_;
};

}  // namespace

Result<std::vector<SecretBytes>> Primitives::DeriveAll(const Agreement& own,
                                                       std::span<const AgreementPublic> peers) {
  std::vector<SecretBytes> shared;
  shared.reserve(peers.size());
  for (const AgreementPublic& peer : peers) {
    CAIRN_ASSIGN_OR_RETURN(shared.emplace_back(), Derive(own, peer));
  }
  return shared;
}

Membership Membership::Of(const Roster& roster, std::span<const std::byte> file) {
  Membership membership{{}, roster.version, Sha256::Of(file)};
  for (const RosterMember& member : roster.members) {
    if (member.role != PeerRole::kSite) continue;
    membership.members.push_back({member.name, member.signing_key, member.state == MemberState::kActive});
  }
  return membership;
}

const Membership::Member* Membership::Find(std::uint32_t index) const {
  return index < members.size() ? &members[index] : nullptr;
}

std::optional<std::uint32_t> Membership::IndexOf(std::string_view name) const {
  const auto found =
      std::lower_bound(members.begin(), members.end(), name,
                       [](const Member& member, std::string_view wanted) { return member.name < wanted; });
  if (found == members.end() || found->name != name) return std::nullopt;
  return static_cast<std::uint32_t>(found - members.begin());
}

std::unique_ptr<Primitives> NewPrimitives(const SigningKey& key) {
  return std::make_unique<SystemPrimitives>(key);
}

}  // namespace cairn::secagg
