#include "simulation/engine/sim_masking.h"

#include <utility>

#include "privacy/crypto/sha256.h"
#include "privacy/crypto/transcript.h"

namespace cairn {
namespace {

// The aggregator's place among the parties; sites have their index.
constexpr std::uint64_t kAggregator = std::uint64_t{1} << 40;

SigningKey KeyOf(std::uint64_t seed, std::uint64_t party) {
  const Sha256Digest digest = TranscriptWriter("cairn-simulated-signing-key").U64(seed).U64(party).Digest();
  return SigningKey::FromSeed(std::span<const std::byte, 32>(digest.bytes));
}

}  // namespace

SimMasking::SimMasking(std::uint64_t seed, std::vector<std::string> sites)
    : seed_(seed), sites_(std::move(sites)), aggregator_(KeyOf(seed, kAggregator)) {
  auto membership = std::make_shared<secagg::Membership>();
  membership->version = 1;
  TranscriptWriter names("cairn-simulated-roster");
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    keys_.push_back(KeyOf(seed, i));
    membership->members.push_back({sites_[i], keys_.back().verify_key(), true});
    names.Text(sites_[i]);
  }
  membership->hash = names.Digest();
  membership_ = std::move(membership);
  work_ = std::make_shared<secagg::SharedWork>();
}

std::unique_ptr<MaskingDesk> SimMasking::NewDesk(std::size_t client) {
  return std::make_unique<MaskingDesk>(sites_[client], nullptr, [this, client](const RoundKey& key) {
    return PrimitivesOf(keys_[client], client, key);
  });
}

std::unique_ptr<secagg::Primitives> SimMasking::NewPrimitives(const RoundKey& key) {
  return PrimitivesOf(aggregator_, kAggregator, key);
}

}  // namespace cairn
