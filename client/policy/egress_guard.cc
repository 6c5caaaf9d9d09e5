#include "client/policy/egress_guard.h"

#include <string>
#include <utility>

namespace cairn {

std::uint64_t SealedReport::byte_size() const {
  const MetricSums& metrics = content_.metrics;
  const std::size_t counts =
      metrics.confusion.size() + metrics.own_scores.size() + metrics.rest_scores.size();
  const std::uint64_t update = content_.update == nullptr ? 0 : layout_.byte_size();
  return update + counts * sizeof(std::int64_t);
}

EgressGuard::Limits EgressGuard::Limits::Of(const SitePolicy& policy) {
  return {policy.min_examples, policy.max_upload_bytes_per_round, policy.share_site_metrics};
}

Result<SealedReport> EgressGuard::Seal(RoundKey key, RoundKind kind, WorkResult work,
                                       const UpdateLayout& layout) const {
  Report report;
  report.key = key;
  report.kind = kind;
  report.examples = work.report.examples;
  report.layout_hash = layout.hash;
  report.metrics = std::move(work.metrics);
  report.update = std::move(work.update);
  return Reseal(std::move(report), layout);
}

Result<SealedReport> EgressGuard::Reseal(Report report, const UpdateLayout& layout) const {
  if (report.layout_hash != layout.hash) {
    return Status(errors::kUpdateLayout, "the report was made for another layout than the job's");
  }
  if (!limits_.share_metrics) {
    report.metrics = {};
    if (report.kind == RoundKind::kEvaluate) {
      return Status(errors::kPolicyMetrics, "a report of metrics alone has nothing that may leave this site");
    }
  }
  const bool is_training = report.kind == RoundKind::kTrain;
  if (is_training && report.update == nullptr)
    return Status(errors::kUpdateLayout, "the worker returned no update");
  if (is_training && report.examples < limits_.min_examples) {
    return Status(errors::kPolicyFewExamples, "the update was made from " + std::to_string(report.examples) +
                                                  " examples, the site asks for at least " +
                                                  std::to_string(limits_.min_examples));
  }
  if (!is_training) report.update.reset();
  if (report.update != nullptr) CAIRN_RETURN_IF_ERROR(CheckUpdate(report.update->view(), layout));
  report.fault = {};
  SealedReport sealed(std::move(report), layout);
  if (limits_.max_bytes > 0 && sealed.byte_size() > limits_.max_bytes) {
    return Status(errors::kPolicyUploadCap, "the report is " + std::to_string(sealed.byte_size()) +
                                                " bytes, the cap is " + std::to_string(limits_.max_bytes));
  }
  return sealed;
}

}  // namespace cairn
