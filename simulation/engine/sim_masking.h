#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "aggregator/engine/masked_round.h"
#include "client/agent/masking_desk.h"
#include "privacy/secagg/shared/simulated_primitives.h"

namespace cairn {

// Of the roster of a simulation, which has all of its `sites`, ascending.
Sha256Digest SimRosterHash(const std::vector<std::string>& sites);

// The made federation of a simulation: a roster of its clients, and keys that follow from the seed, so that a
// masked run replays. Both ends of a pair live here, so a key agreement or a verification is worked out once.
// Never for real sites. One control thread; desks of different clients may work side by side.
class SimMasking final : public MaskingAuthority {
 public:
  // `sites` ascending; a site's index is its member index.
  SimMasking(std::uint64_t seed, std::vector<std::string> sites);

  MaskingIdentity identity() const { return {membership_, aggregator_.verify_key()}; }
  // The desk of one client; this outlives it.
  std::unique_ptr<MaskingDesk> NewDesk(std::size_t client);

  Result<MaskingParts> Current() override { return MaskingParts{membership_, {}, aggregator_.verify_key()}; }
  Result<MaskingParts> From(const std::string&) override { return Current(); }
  std::unique_ptr<secagg::Primitives> NewPrimitives(const RoundKey& key) override;

 private:
  std::unique_ptr<secagg::Primitives> PrimitivesOf(const SigningKey& signer, std::uint32_t party,
                                                   const RoundKey& key) const;

  const std::uint64_t seed_;
  std::vector<std::string> sites_;
  std::vector<SigningKey> keys_;
  SigningKey aggregator_;
  std::shared_ptr<const secagg::Membership> membership_;
  std::shared_ptr<secagg::SimulatedMemory>
      memory_;  // of the present attempt: what several parties compute alike
};

}  // namespace cairn
