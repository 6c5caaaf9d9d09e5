#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/agreement.h"
#include "privacy/crypto/keys.h"
#include "privacy/crypto/roster.h"

namespace cairn::secagg {

// The sites an attempt may have, as the party's own pinned roster names them; index = member index, the "u"
// of every transcript. Only active sites may advertise. Suspended ones keep their place, so that indices are
// those of everybody with this roster.
struct Membership {
  struct Member {
    std::string name;
    VerifyKey key;
    bool active = true;
  };
  std::vector<Member> members;  // ascending by name
  std::uint64_t version = 0;
  Sha256Digest hash;  // of the roster's file

  // The roster's members with the role of a site, in its order. `file` is what VerifyRoster took it from.
  static Membership Of(const Roster& roster, std::span<const std::byte> file);
  const Member* Find(std::uint32_t index) const;  // null beyond the end
  std::optional<std::uint32_t> IndexOf(std::string_view name) const;
};

// What a party takes from the world: randomness and signatures, and the agreement of two keys, so that a
// simulation may replay and may remember pure functions. Production: NewPrimitives. Verifies, Derive
// and DeriveAll may be called from several lanes at once; the rest is not thread-safe.
class Primitives {
 public:
  virtual ~Primitives() = default;
  virtual void Fill(std::span<std::byte> out) = 0;  // cryptographic, never repeats
  virtual Signature Sign(std::span<const std::byte> message) = 0;
  virtual bool Verifies(const VerifyKey& key, std::span<const std::byte> message,
                        const Signature& signature) = 0;
  virtual Result<SecretBytes> Derive(const Agreement& own, const AgreementPublic& peer) = 0;
  // The same with each peer, in order, or the first error: by Derive unless something is quicker.
  virtual Result<std::vector<SecretBytes>> DeriveAll(const Agreement& own,
                                                     std::span<const AgreementPublic> peers);
};

// The operating system's randomness and Ed25519 under the site's (the aggregator's) own key, which outlives
// it.
std::unique_ptr<Primitives> NewPrimitives(const SigningKey& key);

}  // namespace cairn::secagg
