#include "simulation/engine/sim_masking.h"

#include <cstring>
#include <utility>

#include "privacy/crypto/sha256.h"
#include "privacy/crypto/transcript.h"

namespace cairn {
namespace {

// The aggregator's place among the parties; sites have their index.
constexpr std::uint32_t kAggregator = 0xffffffff;

SigningKey KeyOf(std::uint64_t seed, std::uint32_t party) {
  const Sha256Digest digest = TranscriptWriter("cairn-simulated-signing-key").U64(seed).U32(party).Digest();
  return SigningKey::FromSeed(std::span<const std::byte, 32>(digest.bytes));
}

}  // namespace

Sha256Digest SimRosterHash(const std::vector<std::string>& sites) {
  TranscriptWriter names("cairn-simulated-roster");
  for (const std::string& site : sites) names.Text(site);
  return names.Digest();
}

SimMasking::SimMasking(std::uint64_t seed, std::vector<std::string> sites)
    : seed_(seed), sites_(std::move(sites)), aggregator_(KeyOf(seed, kAggregator)) {
  auto membership = std::make_shared<secagg::Membership>();
  membership->version = 1;
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    keys_.push_back(KeyOf(seed, static_cast<std::uint32_t>(i)));
    membership->members.push_back({sites_[i], keys_.back().verify_key(), true});
  }
  membership->hash = SimRosterHash(sites_);
  membership_ = std::move(membership);
  memory_ = std::make_shared<secagg::SimulatedMemory>();
}

std::unique_ptr<MaskingDesk> SimMasking::NewDesk(std::size_t client) {
  return std::make_unique<MaskingDesk>(sites_[client], nullptr, [this, client](const RoundKey& key) {
    return PrimitivesOf(keys_[client], static_cast<std::uint32_t>(client), key);
  });
}

// One stream of randomness a party and attempt.
std::unique_ptr<secagg::Primitives> SimMasking::PrimitivesOf(const SigningKey& signer, std::uint32_t party,
                                                             const RoundKey& key) const {
  const Sha256Digest digest = TranscriptWriter("cairn-simulated-attempt")
                                  .U64(seed_)
                                  .U64(key.job.value)
                                  .U64(key.round.value)
                                  .U32(key.attempt)
                                  .Digest();
  secagg::SimulatedParty who;
  std::memcpy(&who.seed, digest.bytes.data(), sizeof who.seed);
  who.party = party;
  who.attempt = key.attempt;
  return secagg::NewSimulatedPrimitives(who, signer, memory_);
}

// The aggregator opens an attempt, and none of the last one's keys comes again.
std::unique_ptr<secagg::Primitives> SimMasking::NewPrimitives(const RoundKey& key) {
  memory_->Forget();
  return PrimitivesOf(aggregator_, kAggregator, key);
}

}  // namespace cairn
