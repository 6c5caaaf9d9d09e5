#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "privacy/secagg/client/client.h"
#include "privacy/secagg/server/server.h"
#include "privacy/secagg/shared/simulated_primitives.h"

// A small masked attempt for the fuzz targets of its two state machines. Signatures and agreements are keyed
// hashes (simulated_primitives.h), so that an input costs microseconds and a target can sign lies as anybody.

namespace cairn::secagg::fuzz {

// Choices read off the input, a byte each; zeros once it is used up.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> input) : rest_(input) {}
  bool done() const { return rest_.empty(); }
  std::uint8_t Next();
  std::size_t Below(std::size_t bound) { return Next() % bound; }  // 0 < bound ≤ 256

 private:
  std::span<const std::uint8_t> rest_;
};

// Four sites on a complete graph, or six with four neighbours each; either ring.
struct Setting {
  bool regular = false, wide = false;
  static Setting From(Choices& choices);
  std::uint32_t sites() const { return regular ? 6 : 4; }
  friend auto operator<=>(const Setting&, const Setting&) = default;
};

class World {
 public:
  static constexpr std::uint32_t kAggregator = 1000;  // the name of its keys; no member
  static constexpr std::uint64_t kBound = 1000, kWords = 9;

  explicit World(const Setting& setting);

  const Setting& setting() const { return setting_; }
  const Terms& terms() const { return terms_; }
  const Sha256Digest& context() const { return context_; }  // rc
  std::uint32_t sites() const { return setting_.sites(); }

  std::unique_ptr<Client> NewClient(std::uint32_t member);
  // Randomness goes on where it was, so that a restored site says what it would have said.
  Result<std::unique_ptr<Client>> RestoreClient(std::uint32_t member, std::span<const std::byte> saved);
  // With randomness of its own, beside the site that goes on.
  Result<std::unique_ptr<Client>> RestoreTwin(std::uint32_t member, std::span<const std::byte> saved) const;
  std::unique_ptr<Server> NewServer();
  Signature SignAs(std::uint32_t party, const Bytes& message);

  // What a site puts in, as words of 64 bits whatever the ring; `tag` makes it another site's.
  std::vector<std::uint64_t> InputOf(std::uint32_t tag) const;
  Status Mask(Client& client, std::vector<std::uint64_t>& words) const;
  void TakeOff(const UnmaskWork& work, std::vector<std::uint64_t>& words) const;
  void AddTo(std::vector<std::uint64_t>& sum, const std::vector<std::uint64_t>& words) const;

 private:
  Primitives& Of(std::uint32_t party);
  std::unique_ptr<Primitives> LentTo(std::uint32_t party);

  Setting setting_;
  Terms terms_;
  Floors floors_;
  Sha256Digest context_;
  std::shared_ptr<const Membership> membership_;
  std::vector<std::unique_ptr<Primitives>> parties_;  // the aggregator's last
};

}  // namespace cairn::secagg::fuzz
