#include "protocol/messages/masked_layout.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/tensor/exact_sum.h"
#include "protocol/messages/site_groups.h"

namespace cairn {
namespace {

using secagg::Ring;
using secagg::Section;

constexpr std::uint64_t kLimbs = MaskedLayout::kLimbs, kLimbBound = MaskedLayout::kLimbBound;

Section Counts(std::string name, std::uint64_t length, std::uint64_t bound) {
  return {.name = std::move(name), .length = length, .clip = 0, .fraction_bits = 0, .bound = bound};
}

Section Reals(std::string name, std::int64_t length, double clip, std::uint8_t fraction_bits) {
  const auto bound = static_cast<std::uint64_t>(std::ceil(std::ldexp(clip, fraction_bits)));
  return {.name = std::move(name),
          .length = static_cast<std::uint64_t>(length),
          .clip = clip,
          .fraction_bits = fraction_bits,
          .bound = bound};
}

Section Exact(std::string name, std::int64_t length, double largest, std::uint8_t fraction_bits) {
  Section section = Reals(std::move(name), length, largest, fraction_bits);
  section.clip = 0;
  return section;
}

// With 64 bits the grid of plain sums and their bound on every element, checked where an update is sealed
// (core/tensor/exact_sum.h), so no norm is clipped; with 32 the finest grid that fits.
void AddUpdateSections(const JobSpec& spec, const UpdateLayout& update, std::uint64_t n_max,
                       MaskedLayout& out) {
  const SecAggConfig& secagg = spec.secagg;
  const bool is_exact = out.ring == Ring::k64;
  if (out.noise.has_value()) {
    Section section = Reals("parameters", update.parameters, out.noise->clip, out.noise->fraction_bits);
    section.bound += out.noise->share_bound();
    out.sections.push_back(std::move(section));
    out.sections.push_back(Counts("weight", 1, std::uint64_t{1} << out.weight_bits));
    return;
  }
  const auto add = [&](const char* name, std::int64_t length, double clip, double exact_clip,
                       int exact_bits) {
    if (length == 0) return;
    out.sections.push_back(is_exact
                               ? Exact(name, length, exact_clip, static_cast<std::uint8_t>(exact_bits))
                               : Reals(name, length, clip, secagg::LargestFraction(clip, out.ring, n_max)));
  };
  add("parameters", update.parameters, secagg.clip, kMaxParameterDelta, kParameterFractionBits);
  add("buffers", update.buffers, secagg.buffer_clip, kMaxBufferDelta, kBufferFractionBits);
  out.sections.push_back(Counts("weight", 1, std::uint64_t{1} << out.weight_bits));
}

void AddMetricSections(std::uint64_t n_max, MaskedLayout& out) {
  const std::uint64_t classes = out.classes;
  if (classes == 0) return;
  const std::uint64_t largest = out.ring == Ring::k32 ? 0xffffffffu : std::uint64_t{1} << 62;
  const std::uint64_t bound = std::min<std::uint64_t>(largest / n_max, std::uint64_t{1} << 40);
  out.sections.push_back(Counts("rows", kLimbs, kLimbBound));
  out.sections.push_back(Counts("loss", kLimbs, kLimbBound));
  out.sections.push_back(Counts("loss_clipped", 1, bound));
  out.sections.push_back(Counts("confusion", classes * classes, bound));
  out.sections.push_back(Counts("own_scores", classes * MetricSums::kScoreBins, bound));
  out.sections.push_back(Counts("rest_scores", classes * MetricSums::kScoreBins, bound));
}

}  // namespace

std::uint64_t MaskedLayout::words() const {
  std::uint64_t sum = 0;
  for (const Section& section : sections) sum += section.length;
  return sum;
}

MaskedLayout::Place MaskedLayout::Find(std::string_view name) const {
  std::uint64_t offset = 0;
  for (const Section& section : sections) {
    if (section.name == name) return {offset, section.length, &section};
    offset += section.length;
  }
  return {};
}

std::uint64_t UploadBytes(const JobManifest& manifest, const UpdateLayout& update) {
  if (!manifest.spec.secagg.is_masked()) return update.byte_size();
  return MaskedLayoutOf(manifest, update, RoundKind::kTrain).byte_size();
}

std::uint32_t LargestCohort(const JobSpec& spec) {
  if (spec.secagg.is_grouped()) return LargestGroup(spec.secagg);
  if (spec.secagg.max_sites > 0) return spec.secagg.max_sites;
  const CohortConfig& cohort = spec.cohort;
  constexpr std::uint32_t kAnybody = 128;  // who joins later is welcome up to the largest complete graph
  if (cohort.target == 0) return std::max(kAnybody, cohort.min_clients);
  return static_cast<std::uint32_t>(std::ceil(cohort.target * (1 + cohort.over_selection)));
}

std::uint32_t SmallestMaskedCohort(const JobSpec& spec) {
  if (spec.secagg.is_grouped()) return SmallestGroupSum(spec.secagg);
  const CohortConfig& cohort = spec.cohort;
  const std::uint32_t least = cohort.min_reports > 0 ? cohort.min_reports
                              : cohort.target > 0    ? cohort.target
                                                     : cohort.min_clients;
  return std::max<std::uint32_t>(3, least);
}

bool NeedsRing(const JobSpec& spec) {
  return spec.secagg.is_masked() &&
         (spec.secagg.bits == 32 || spec.secagg.is_grouped() || ProtectsClients(spec));
}

MaskedLayout MaskedLayoutOf(const JobManifest& manifest, const UpdateLayout& update, RoundKind kind,
                            double clip) {
  const JobSpec& spec = manifest.spec;
  MaskedLayout layout;
  layout.ring = spec.secagg.bits == 32 ? Ring::k32 : Ring::k64;
  layout.weight_cap = spec.strategy.weight_cap;
  layout.classes = spec.evaluate.federated ? manifest.classes : 0;
  layout.kind = kind;
  const std::uint64_t n_max = LargestCohort(spec);
  layout.weight_bits =
      layout.ring == Ring::k64 ? kWeightFractionBits : secagg::LargestFraction(1.0, layout.ring, n_max);
  if (kind == RoundKind::kTrain && ProtectsClients(spec)) {
    layout.noise = ClientNoiseOf(spec, static_cast<std::uint64_t>(update.parameters),
                                 clip > 0 ? clip : spec.privacy->clip);
  }
  if (kind == RoundKind::kTrain) AddUpdateSections(spec, update, n_max, layout);
  layout.sections.push_back(Counts("check", 4, 1));
  if (kind == RoundKind::kTrain) layout.sections.push_back(Counts("clipped", 1, 1));
  if (layout.noise.has_value() && layout.noise->vote > 0) {
    const auto vote = static_cast<std::uint64_t>(layout.noise->vote);
    layout.sections.push_back(Counts("vote", 1, vote + layout.noise->share_bound()));
  }
  layout.sections.push_back(Counts("examples", kLimbs, kLimbBound));
  AddMetricSections(n_max, layout);
  return layout;
}

}  // namespace cairn
