#include "protocol/messages/masking_terms.h"

#include <algorithm>

#include "privacy/secagg/shared/graph.h"
#include "privacy/secagg/shared/transcript.h"

namespace cairn {
namespace {

// What the model is: its name in the zoo and its numbers, as the manifest writes them, without the rest.
Sha256Digest ArchitectureHash(const ModelConfig& model) {
  secagg::Transcript transcript("architecture");
  transcript.Text(model.arch);
  for (const auto& [name, value] : model.hyper) {
    transcript.Text(name);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      transcript.U64(static_cast<std::uint64_t>(*integer));
    } else if (const auto* real = std::get_if<double>(&value)) {
      transcript.F64(*real);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      transcript.Text(*text);
    } else {
      std::string list;
      for (const std::int64_t number : std::get<std::vector<std::int64_t>>(value))
        list += std::to_string(number) + ",";
      transcript.Text(list);
    }
  }
  return transcript.Digest();
}

Status SetGraph(const JobSpec& spec, secagg::Terms& terms) {
  terms.n_max = LargestCohort(spec);
  terms.n_min = SmallestMaskedCohort(spec);
  if (terms.n_max <= secagg::kMaxComplete) return {};
  // Above the complete graph's size a cohort is never made smaller than it, where the graph would be another
  // one.
  terms.n_min = std::max<std::uint32_t>(terms.n_min, secagg::kMaxComplete + 1);
  CAIRN_ASSIGN_OR_RETURN(const auto graph, secagg::GraphParameters::Compute(terms.n_max, {}));
  terms.k = graph.k;
  terms.t = graph.t;
  return {};
}

}  // namespace

Result<secagg::Terms> MaskingTermsOf(const MaskingSources& sources, const RoundKey& key, RoundKind kind,
                                     const BlobRef& model) {
  const JobManifest& manifest = sources.manifest;
  const MaskedLayout layout = MaskedLayoutOf(manifest, sources.layout, kind, sources.clip);
  secagg::Terms terms;
  terms.federation = manifest.federation;
  terms.job = key.job.value;
  const auto digest = Sha256Digest::Parse(manifest.digest);
  if (!digest.has_value()) return Status(errors::kSecAggTerms, "the manifest has no digest");
  terms.manifest = *digest;
  terms.roster_version = sources.membership.version;
  terms.roster = sources.membership.hash;
  terms.aggregator = sources.aggregator;
  terms.round = key.round.value;
  terms.attempt = key.attempt;
  std::ranges::copy(model.sha256, terms.model.bytes.begin());
  terms.architecture = ArchitectureHash(manifest.spec.model);
  terms.layout_hash = sources.layout.hash;
  terms.sections = layout.sections;
  terms.ring = layout.ring;
  terms.weight_bits = layout.weight_bits;
  terms.weight_cap = layout.weight_cap;
  terms.group = sources.group;
  CAIRN_RETURN_IF_ERROR(SetGraph(manifest.spec, terms));
  return terms;
}

secagg::Floors MaskingFloorsOf(const JobSpec& spec, std::uint32_t policy_min_cohort,
                               std::size_t group_sites) {
  const std::uint32_t all = spec.cohort.target == 0 ? spec.cohort.min_clients : 0;
  return {.min_cohort = std::max<std::uint32_t>(3, policy_min_cohort),
          .least_survivors = SmallestMaskedCohort(spec),
          .job_members = spec.secagg.is_grouped() ? static_cast<std::uint32_t>(group_sites) : all,
          .graph = {}};
}

}  // namespace cairn
