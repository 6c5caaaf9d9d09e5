#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "privacy/crypto/keys.h"
#include "privacy/crypto/sha256.h"
#include "privacy/secagg/shared/party.h"

// Primitives for simulations and tests. NEVER FOR REAL SITES: all randomness follows from a seed, so whoever
// knows the seed knows every key.

namespace cairn::secagg {

// What the parties of one process need not compute twice: the agreement of a pair, which both ends derive,
// and the verdict on a signature, which many check. Pure functions, so results are the same with and without.
// An agreement has two ends: when the second one has asked for it, it is forgotten. Thread-safe; two lanes
// rarely meet at one lock.
class SimulatedMemory {
 public:
  Result<SecretBytes> Agree(const Agreement& own, const AgreementPublic& peer);
  // With each in turn; those that nobody has derived yet many at a time.
  Result<std::vector<SecretBytes>> AgreeAll(const Agreement& own, std::span<const AgreementPublic> peers);
  bool Verify(const VerifyKey& key, std::span<const std::byte> message, const Signature& signature);
  void Forget();  // at the end of an attempt: nothing of it comes again
  std::size_t size() const;

 private:
  struct Part {
    mutable std::mutex mutex;
    std::map<std::pair<AgreementPublic, AgreementPublic>, SecretBytes> agreed;
    std::map<Sha256Digest, bool> verified;
  };
  using Pair = std::pair<AgreementPublic, AgreementPublic>;  // lesser key first
  std::optional<SecretBytes> Take(const Pair& pair);
  void Keep(const Pair& pair, const SecretBytes& agreed);
  Part& PartOf(std::byte name) { return parts_[static_cast<std::size_t>(name) % parts_.size()]; }
  std::array<Part, 64> parts_;
};

// Names one stream of randomness. A party that is restored from what it saved takes the next `life`, because
// its earlier draws must not come again.
struct SimulatedParty {
  std::uint64_t seed = 0;
  std::uint32_t party = 0;
  std::uint32_t attempt = 0;
  std::uint32_t life = 0;
};

// The protocol byte for byte, Ed25519 and X25519 included. `key` outlives it; `memory` is shared by the
// parties of one process and may be null.
std::unique_ptr<Primitives> NewSimulatedPrimitives(const SimulatedParty& party, const SigningKey& key,
                                                   std::shared_ptr<SimulatedMemory> memory);

// Signatures and pair agreements are keyed hashes of the seed: some hundred times faster, for runs by the ten
// thousand. Any party could forge for any other, so this checks the protocol's logic, not its secrecy.
std::unique_ptr<Primitives> NewKeyedHashPrimitives(const SimulatedParty& party);
VerifyKey KeyedHashKey(std::uint64_t seed, std::uint32_t party);  // what the roster names for it

}  // namespace cairn::secagg
