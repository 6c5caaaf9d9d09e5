#include "client/policy/egress_guard.h"

#include <string>
#include <utility>

namespace cairn {

std::uint64_t SealedReport::byte_size() const {
  if (content_.ring != nullptr) return content_.ring->bytes().size();
  const MetricSums& metrics = content_.metrics;
  const std::size_t counts =
      metrics.confusion.size() + metrics.own_scores.size() + metrics.rest_scores.size();
  const std::uint64_t update = content_.update == nullptr ? 0 : layout_.byte_size();
  return update + counts * sizeof(std::int64_t);
}

EgressGuard::Limits EgressGuard::Limits::Of(const SitePolicy& policy) {
  return {policy.min_examples, policy.max_upload_bytes_per_round, policy.share_site_metrics};
}

Result<SealedReport> EgressGuard::Seal(EgressClearance clearance, RoundKind kind, WorkResult work,
                                       const UpdateLayout& layout) const {
  if (clearance.protects_clients()) {
    return Status(errors::kInternal, "an update that its clip and noise should hide was to leave as it is");
  }
  return Check(std::move(clearance), kind, std::move(work), layout);
}

Result<SealedReport> EgressGuard::Check(EgressClearance clearance, RoundKind kind, WorkResult work,
                                        const UpdateLayout& layout) const {
  Report report;
  report.key = clearance.key();
  report.kind = kind;
  report.layout_hash = layout.hash;
  const bool is_private = clearance.is_private();
  if (is_private && kind != RoundKind::kTrain)
    return Status(errors::kPolicyMetrics, "metrics alone were asked for, of patients' rows and unpriced");
  // Counts and metrics are of people too, and were not paid for. The rows of a client that is protected as a
  // whole stay here: they are held to the site's floor, and its vector says one.
  if (!is_private) report.metrics = std::move(work.metrics);
  report.examples = is_private && !clearance.protects_clients()
                        ? static_cast<std::int64_t>(clearance.population())
                        : work.report.examples;
  report.update = std::move(work.update);
  return Reseal(std::move(report), layout);
}

Result<SealedContribution> EgressGuard::Contribute(EgressClearance clearance, RoundKind kind, WorkResult work,
                                                   const UpdateLayout& layout, const MaskedLayout& masked,
                                                   const EncodeTerms& terms, NoiseBits* noise) const {
  if (clearance.protects_clients() != masked.noise.has_value())
    return Status(errors::kInternal, "the clearance is for another way to protect than the vector's layout");
  EgressGuard unseen = *this;  // masked metrics are not this site's to read for anybody
  unseen.limits_.share_metrics = true;
  unseen.limits_.max_bytes = 0;  // of the vector below, not of what it is made from
  const RoundKey key = clearance.key();
  CAIRN_ASSIGN_OR_RETURN(const SealedReport checked,
                         unseen.Check(std::move(clearance), kind, std::move(work), layout));
  if (limits_.max_bytes > 0 && masked.byte_size() > limits_.max_bytes) {
    return Status(errors::kPolicyUploadCap, "the masked vector is " + std::to_string(masked.byte_size()) +
                                                " bytes, the cap is " + std::to_string(limits_.max_bytes));
  }
  const Report& report = checked.content();
  const UpdateView view = report.update == nullptr ? UpdateView{} : report.update->view();
  auto words = std::make_unique<RingMemory>(masked.byte_size());
  CAIRN_RETURN_IF_ERROR(EncodeContribution({.update = report.update == nullptr ? nullptr : &view,
                                            .examples = report.examples,
                                            .metrics = &report.metrics},
                                           masked, terms, words->mutable_bytes()));
  if (masked.noise.has_value() && masked.noise->share_sigma > 0) {
    if (noise == nullptr) return Status(errors::kInternal, "nothing to draw this site's noise from");
    CAIRN_RETURN_IF_ERROR(AddNoiseShares(masked, *noise, words->mutable_bytes()));
  }
  return SealedContribution(key, kind, layout, std::move(words));
}

Result<SealedReport> EgressGuard::Mask(SealedContribution contribution, secagg::Client& client) {
  const std::span<std::byte> bytes = contribution.words_->mutable_bytes();
  const secagg::Terms& terms = client.terms();
  if (bytes.size() != terms.byte_size())
    return Status(errors::kSecAggState, "the contribution has another length than the attempt's terms");
  if (terms.ring == secagg::Ring::k32) {
    CAIRN_RETURN_IF_ERROR(
        client.Mask(std::span(reinterpret_cast<std::uint32_t*>(bytes.data()), bytes.size() / 4)));
  } else {
    CAIRN_RETURN_IF_ERROR(
        client.Mask(std::span(reinterpret_cast<std::uint64_t*>(bytes.data()), bytes.size() / 8)));
  }
  CAIRN_ASSIGN_OR_RETURN(secagg::MaskedInput input, client.Masked(Sha256::Of(bytes), bytes.size()));
  SealedReport sealed = WithoutMasks(std::move(contribution));
  sealed.content_.masked = std::move(input);
  return sealed;
}

SealedReport EgressGuard::WithoutMasks(SealedContribution contribution) {
  Report report;
  report.key = contribution.key_;
  report.kind = contribution.kind_;
  report.layout_hash = contribution.layout_.hash;
  report.ring = std::move(contribution.words_);
  return SealedReport(std::move(report), contribution.layout_);
}

Result<SealedReport> EgressGuard::Reseal(Report report, const UpdateLayout& layout) const {
  if (report.layout_hash != layout.hash) {
    return Status(errors::kUpdateLayout, "the report was made for another layout than the job's");
  }
  if (report.masked.has_value()) {  // looked at before it was masked; nobody can look into it now
    SealedReport sealed(std::move(report), layout);
    if (limits_.max_bytes > 0 && sealed.byte_size() > limits_.max_bytes)
      return Status(errors::kPolicyUploadCap, "a stored masked vector is over the cap");
    return sealed;
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
