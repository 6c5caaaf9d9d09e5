#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "aggregator/aggregation/update_aggregator.h"
#include "core/base/result.h"
#include "privacy/accounting/release_permit.h"
#include "privacy/dp/noise_bits.h"
#include "privacy/secagg/server/server.h"
#include "protocol/messages/masked_layout.h"

namespace cairn {

// The sum of sites' ring words, wrapping: exact in any order, masked or not. One instance a lane, merged at
// the end; thread-compatible.
class RingSum {
 public:
  explicit RingSum(std::shared_ptr<const MaskedLayout> layout);  // zeros

  // `words` is layout.byte_size() bytes of one site.
  void Add(std::span<const std::byte> words);
  void Merge(const RingSum& other);
  // Takes every mask off; with masks that cancel already, `work` is empty.
  void Unmask(const secagg::UnmaskWork& work);

  std::span<const std::byte> bytes() const;
  std::span<std::byte> mutable_bytes();
  const MaskedLayout& layout() const { return *layout_; }

 private:
  std::shared_ptr<const MaskedLayout> layout_;
  std::vector<std::uint32_t> narrow_;  // one of the two, as the ring is
  std::vector<std::uint64_t> wide_;
};

// What an aggregator that adds noise itself brings to the opening of one sum (PrivacyTerms: central): the
// right to one release, and bits to draw from. Used once.
struct CentralRelease {
  ReleasePermit permit;
  NoiseBits bits;
};

// What a sum without masks says: the mean update (training rounds) and what was counted.
struct OpenedSum {
  AggregateUpdate update;
  OpenedCounts counts;
  // Where the clip adapts: the share of clients that were within it, by the noised vote.
  std::optional<double> share_within;
};
// kSecAggUnmasked when the counts or a bound of any element fail: such a sum is thrown away, never used.
// Where the layout asks the aggregator for noise, nothing is said without `central`: kInternal; where it does
// not, `central` is not looked at.
Result<OpenedSum> OpenRingSum(const RingSum& sum, const UpdateLayout& update, std::uint64_t survivors,
                              std::optional<CentralRelease> central = std::nullopt);

}  // namespace cairn
