#pragma once

#include <cstdint>
#include <memory>

#include "client/policy/site_policy.h"
#include "core/base/result.h"
#include "core/tensor/update.h"
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

// The only door out of a site: what a worker made is checked against the layout the site agreed
// to, for finite values inside the exact range, and against the site's limits.
//
//   Result<SealedReport> sealed = guard.Seal(key, kind, std::move(work), layout);   // on a lane
//
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

  Result<SealedReport> Seal(RoundKey key, RoundKind kind, WorkResult work, const UpdateLayout& layout) const;

  // A report that was sealed before and read back from a store: the same checks again.
  Result<SealedReport> Reseal(Report stored, const UpdateLayout& layout) const;

 private:
  Limits limits_;
};

}  // namespace cairn
