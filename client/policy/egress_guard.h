#pragma once

#include <cstdint>
#include <memory>

#include "client/policy/egress_clearance.h"
#include "client/policy/site_policy.h"
#include "core/base/result.h"
#include "core/tensor/update.h"
#include "privacy/secagg/client/client.h"
#include "protocol/messages/masked_layout.h"
#include "protocol/messages/messages.h"
#include "protocol/messages/work.h"

namespace cairn {

// A report that has been checked and may leave the site. Only EgressGuard makes one, so an agent
// cannot send what nobody looked at. Move-only; the update inside is borrowed through its handle.
class SealedReport {
 public:
  SealedReport(SealedReport&&) noexcept = default;
  SealedReport& operator=(SealedReport&&) noexcept = default;
  SealedReport(const SealedReport&) = delete;
  SealedReport& operator=(const SealedReport&) = delete;

  const Report& content() const { return content_; }
  Report Take() && { return std::move(content_); }
  const UpdateLayout& layout() const { return layout_; }
  // Bytes of the update and the metrics as they travel.
  std::uint64_t byte_size() const;

 private:
  friend class EgressGuard;
  SealedReport(Report content, const UpdateLayout& layout) : content_(std::move(content)), layout_(layout) {}

  Report content_;
  UpdateLayout layout_;
};

// Shared because the agent keeps the report while the store writes it and the channel sends it.
using SealedReportHandle = std::shared_ptr<const SealedReport>;

// What a site will add to a masked sum, checked and on the grid, but still readable: nothing can send it.
// Masking makes a SealedReport of it, once.
class SealedContribution {
 public:
  SealedContribution(SealedContribution&&) noexcept = default;
  SealedContribution& operator=(SealedContribution&&) noexcept = default;
  RoundKey key() const { return key_; }
  std::uint64_t byte_size() const { return words_->bytes().size(); }

 private:
  friend class EgressGuard;
  SealedContribution(RoundKey key, RoundKind kind, const UpdateLayout& layout,
                     std::unique_ptr<RingMemory> words)
      : key_(key), kind_(kind), layout_(layout), words_(std::move(words)) {}
  RoundKey key_;
  RoundKind kind_;
  UpdateLayout layout_;
  std::unique_ptr<RingMemory> words_;
};

// The only door out of a site: what a worker made is checked against the layout the site agreed
// to, for finite values inside the exact range, and against the site's limits.
//
//   Result<SealedReport> sealed = guard.Seal(std::move(clearance), kind, std::move(work), layout);   // on a
//   lane
//
// Of a private round nothing leaves but the noised update and the site's public population.
// One read pass over the update: a model-sized job, never run on a control thread.
// Thread-safe. Errors: kUpdateLayout, kUpdateNotFinite, kUpdateRange, kPolicyFewExamples,
// kPolicyUploadCap, kPolicyMetrics (a round of evaluation alone at a site that shares no metrics).
class EgressGuard {
 public:
  struct Limits {
    std::int64_t min_examples = 1;
    std::uint64_t max_bytes = 0;  // 0: no cap
    bool share_metrics = true;    // otherwise metrics are removed before sealing

    static Limits Of(const SitePolicy& policy);
  };

  explicit EgressGuard(Limits limits) : limits_(limits) {}

  Result<SealedReport> Seal(EgressClearance clearance, RoundKind kind, WorkResult work,
                            const UpdateLayout& layout) const;

  // The same checks for a round whose sums are made in a ring; examples, metrics and update become one
  // vector. Site metrics are inside whether or not the site shares them: nobody can read them there.
  // Where clients are protected the update is clipped, and this site's share of the noise, where there is
  // one, is drawn from `noise`: kInternal without.
  Result<SealedContribution> Contribute(EgressClearance clearance, RoundKind kind, WorkResult work,
                                        const UpdateLayout& layout, const MaskedLayout& masked,
                                        const EncodeTerms& terms, NoiseBits* noise = nullptr) const;
  // Adds every mask of the attempt in place, names the result by its hash and signs it. A model-sized job for
  // a lane. The client's errors; kSecAggState for a second one.
  static Result<SealedReport> Mask(SealedContribution contribution, secagg::Client& client);
  // For participants that are not sites, within one process: the words as they are.
  static SealedReport WithoutMasks(SealedContribution contribution);

  // A report that was sealed before and read back from a store: the same checks again.
  Result<SealedReport> Reseal(Report stored, const UpdateLayout& layout) const;

 private:
  Result<SealedReport> Check(EgressClearance clearance, RoundKind kind, WorkResult work,
                             const UpdateLayout& layout) const;
  Limits limits_;
};

}  // namespace cairn
