#include "privacy/secagg/shared/simulated_primitives.h"

#include <algorithm>

#include "privacy/crypto/ctr_stream.h"
#include "privacy/secagg/shared/transcript.h"

namespace cairn::secagg {
namespace {

constexpr std::uint64_t kBlock = 16;

// AES-256-CTR under a hash of the party's name.
class SimulatedStream {
 public:
  explicit SimulatedStream(const SimulatedParty& party)
      : stream_(Transcript("simulated-stream")
                    .U64(party.seed)
                    .U32(party.party)
                    .U32(party.attempt)
                    .U32(party.life)
                    .Digest()
                    .bytes) {}
  void Fill(std::span<std::byte> out) {
    stream_.Fill(offset_, out);
    offset_ += (out.size() + kBlock - 1) / kBlock * kBlock;
  }

 private:
  CtrStream stream_;
  std::uint64_t offset_ = 0;
};

class RememberingPrimitives final : public Primitives {
 public:
  RememberingPrimitives(const SimulatedParty& party, const SigningKey& key,
                        std::shared_ptr<SimulatedMemory> memory)
      : stream_(party), key_(key), memory_(std::move(memory)) {}

  void Fill(std::span<std::byte> out) override { stream_.Fill(out); }
  Signature Sign(std::span<const std::byte> message) override { return key_.Sign(message); }
  bool Verifies(const VerifyKey& key, std::span<const std::byte> message,
                const Signature& signature) override {
    return memory_ ? memory_->Verify(key, message, signature) : key.Verifies(message, signature);
  }
  Result<SecretBytes> Derive(const Agreement& own, const AgreementPublic& peer) override {
    return memory_ ? memory_->Agree(own, peer) : own.Derive(peer);
  }
  Result<std::vector<SecretBytes>> DeriveAll(const Agreement& own,
                                             std::span<const AgreementPublic> peers) override {
    return memory_ ? memory_->AgreeAll(own, peers) : own.DeriveAll(peers);
  }

 private:
  SimulatedStream stream_;
  const SigningKey& key_;
  std::shared_ptr<SimulatedMemory> memory_;  // shared by all parties of the process
};

Signature KeyedHash(std::uint64_t seed, const VerifyKey& key, std::span<const std::byte> message) {
  const Sha256Digest digest =
      Transcript("simulated-signature").U64(seed).Field(key.bytes).Hash(Sha256::Of(message)).Digest();
  Signature signature;
  std::ranges::copy(digest.bytes, signature.bytes.begin());
  return signature;
}

class KeyedHashPrimitives final : public Primitives {
 public:
  explicit KeyedHashPrimitives(const SimulatedParty& party)
      : seed_(party.seed), own_(KeyedHashKey(party.seed, party.party)), stream_(party) {}

  void Fill(std::span<std::byte> out) override { stream_.Fill(out); }
  Signature Sign(std::span<const std::byte> message) override { return KeyedHash(seed_, own_, message); }
  bool Verifies(const VerifyKey& key, std::span<const std::byte> message,
                const Signature& signature) override {
    return KeyedHash(seed_, key, message) == signature;
  }
  Result<SecretBytes> Derive(const Agreement& own, const AgreementPublic& peer) override {
    const auto [low, high] = std::minmax(own.public_key(), peer);
    return SecretBytes::CopyOf(
        Transcript("simulated-agreement").U64(seed_).Field(low.bytes).Field(high.bytes).Digest().bytes);
  }

 private:
  std::uint64_t seed_;
  VerifyKey own_;
  SimulatedStream stream_;
};

}  // namespace

Result<SecretBytes> SimulatedMemory::Agree(const Agreement& own, const AgreementPublic& peer) {
  CAIRN_ASSIGN_OR_RETURN(std::vector<SecretBytes> agreed, AgreeAll(own, {&peer, 1}));
  return std::move(agreed.front());
}

Result<std::vector<SecretBytes>> SimulatedMemory::AgreeAll(const Agreement& own,
                                                           std::span<const AgreementPublic> peers) {
  std::vector<SecretBytes> agreed(peers.size());
  std::vector<std::size_t> places;
  std::vector<AgreementPublic> unknown;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    if (auto known = Take(std::minmax(own.public_key(), peers[i]))) {
      agreed[i] = *std::move(known);
    } else {
      places.push_back(i);
      unknown.push_back(peers[i]);
    }
  }
  // Outside of any lock: lanes derive side by side.
  CAIRN_ASSIGN_OR_RETURN(std::vector<SecretBytes> fresh, own.DeriveAll(unknown));
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    Keep(std::minmax(own.public_key(), unknown[i]), fresh[i]);
    agreed[places[i]] = std::move(fresh[i]);
  }
  return agreed;
}

std::optional<SecretBytes> SimulatedMemory::Take(const Pair& pair) {
  Part& part = PartOf(pair.first.bytes[0]);
  const std::lock_guard lock(part.mutex);
  auto known = part.agreed.extract(pair);
  return known ? std::optional(std::move(known.mapped())) : std::nullopt;
}

void SimulatedMemory::Keep(const Pair& pair, const SecretBytes& agreed) {
  Part& part = PartOf(pair.first.bytes[0]);
  const std::lock_guard lock(part.mutex);
  part.agreed.emplace(pair, agreed.Clone());
}

bool SimulatedMemory::Verify(const VerifyKey& key, std::span<const std::byte> message,
                             const Signature& signature) {
  const Sha256Digest what =
      Transcript("simulated-verdict").Field(key.bytes).Field(message).Field(signature.bytes).Digest();
  Part& part = PartOf(what.bytes[0]);
  {
    const std::lock_guard lock(part.mutex);
    if (const auto at = part.verified.find(what); at != part.verified.end()) return at->second;
  }
  const bool good = key.Verifies(message, signature);
  const std::lock_guard lock(part.mutex);
  part.verified.emplace(what, good);
  return good;
}

void SimulatedMemory::Forget() {
  for (Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    part.agreed.clear();
    part.verified.clear();
  }
}

std::size_t SimulatedMemory::size() const {
  std::size_t size = 0;
  for (const Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    size += part.agreed.size() + part.verified.size();
  }
  return size;
}

std::unique_ptr<Primitives> NewSimulatedPrimitives(const SimulatedParty& party, const SigningKey& key,
                                                   std::shared_ptr<SimulatedMemory> memory) {
  return std::make_unique<RememberingPrimitives>(party, key, std::move(memory));
}

std::unique_ptr<Primitives> NewKeyedHashPrimitives(const SimulatedParty& party) {
  return std::make_unique<KeyedHashPrimitives>(party);
}

VerifyKey KeyedHashKey(std::uint64_t seed, std::uint32_t party) {
  VerifyKey key;
  key.bytes = Transcript("simulated-key").U64(seed).U32(party).Digest().bytes;
  return key;
}

}  // namespace cairn::secagg
