#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/check.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "privacy/accounting/release_permit.h"
#include "protocol/messages/job.h"
#include "protocol/messages/messages.h"

namespace cairn {

// The word that what a worker makes of one round may be sealed, which EgressGuard takes by value: a private
// round has none without the permit of its charge, so nothing of it can be sealed uncharged. Used once; a
// moved-from clearance allows nothing.
class [[nodiscard]] EgressClearance {
 public:
  // Of a round for which no privacy was promised; kInternal for a manifest with privacy terms.
  static Result<EgressClearance> Open(const JobManifest& manifest, RoundKey key);
  // Of a training round under its charge. `population` is public: it is what the site says it trained on,
  // since the number of its rows is data. kInternal for a permit of another round or job.
  static Result<EgressClearance> Private(const JobManifest& manifest, RoundKey key, std::uint64_t population,
                                         ReleasePermit permit);

  EgressClearance(EgressClearance&& other) noexcept
      : key_(other.key_),
        population_(other.population_),
        permit_(std::move(other.permit_)),
        is_valid_(std::exchange(other.is_valid_, false)) {}
  EgressClearance& operator=(EgressClearance&&) = delete;
  EgressClearance(const EgressClearance&) = delete;
  EgressClearance& operator=(const EgressClearance&) = delete;

  const RoundKey& key() const {
    CAIRN_CHECK(is_valid_, "a clearance is used once");
    return key_;
  }
  bool is_private() const { return permit_.has_value(); }
  // Whole clients are protected: the permit is for one masked sum of clipped updates, not for what the worker
  // made.
  bool protects_clients() const {
    return is_private() && permit_->charge().event.convention().unit == PrivacyUnit::kClient;
  }
  std::uint64_t population() const { return population_; }  // of a private one

 private:
  explicit EgressClearance(RoundKey key) : key_(key) {}
  EgressClearance(RoundKey key, std::uint64_t population, ReleasePermit&& permit)
      : key_(key), population_(population), permit_(std::move(permit)) {}

  RoundKey key_;
  std::uint64_t population_ = 0;
  std::optional<ReleasePermit> permit_;
  bool is_valid_ = true;
};

}  // namespace cairn
