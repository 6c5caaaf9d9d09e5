#include "protocol/messages/manifest.h"

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "privacy/crypto/transcript.h"

namespace cairn {
namespace {

// One overload a type; a struct is its fields in order.
class CanonicalWriter {
 public:
  template <class T>
  requires std::is_integral_v<T> || std::is_enum_v<T>
  void Put(T value) { writer_.U64(static_cast<std::uint64_t>(value)); }
  void Put(double value) { writer_.U64(std::bit_cast<std::uint64_t>(value)); }
  void Put(const std::string& text) { writer_.Text(text); }
  void Put(Duration duration) { Put(duration.count()); }
  template <class T>
  void Put(const std::vector<T>& list) {
    writer_.U64(list.size());
    for (const T& element : list) Put(element);
  }
  void Put(const HyperValue& value) {
    writer_.U64(value.index());
    std::visit([this](const auto& v) { Put(v); }, value);
  }
  void Put(const std::map<std::string, HyperValue>& entries) {
    writer_.U64(entries.size());
    for (const auto& [name, value] : entries) PutAll(name, value);
  }
  void Put(const ModelConfig& m) { PutAll(m.arch, m.hyper, m.init); }
  void Put(const DataTerms& d) { PutAll(d.dataset, d.schema_toml, d.holdout); }
  void Put(const OptimizerConfig& o) {
    PutAll(o.kind, o.lr, o.momentum, o.nesterov, o.weight_decay, o.beta1, o.beta2, o.eps);
  }
  void Put(const TrainConfig& t) {
    PutAll(t.loss, t.epochs, t.steps, t.batch, t.drop_last, t.optimizer, t.grad_clip, t.proximal_mu);
  }
  void Put(const StrategyConfig& s) {
    PutAll(s.name, s.lr, s.momentum, s.beta1, s.beta2, s.tau, s.mu, s.rounds, s.weight_by_examples,
           s.weight_cap);
  }
  void Put(const CohortConfig& c) {
    PutAll(c.min_clients, c.target, c.over_selection, c.min_reports, c.max_attempts);
  }
  void Put(const EvaluateConfig& e) { PutAll(e.federated, e.central, e.metric, e.maximize); }
  // What only grouped jobs have stands in no other manifest, so that theirs keep their digests.
  void Put(const SecAggConfig& s) {
    PutAll(s.mode, s.bits, s.clip, s.buffer_clip, s.max_sites);
    if (s.is_grouped()) PutAll(s.group_size, s.group_min, s.rule, s.trim);
  }
  void Put(const JobSpec& s) {
    PutAll(s.name, s.model, s.data, s.train, s.freeze, s.strategy, s.cohort, s.round.deadline, s.evaluate,
           s.secagg, s.seed);
  }
  void Put(const PrivacyTerms& p) {
    PutAll(p.unit, p.mechanism, p.clip, p.noise_multiplier, p.delta.value_or(0));
    if (p.protects_clients()) PutAll(p.colluders, p.clip_quantile, p.clip_lr);
  }
  void Put(const TensorSpec& t) { PutAll(t.name, t.shape, t.role, t.scope); }
  void Put(const BlobRef& ref) {
    writer_.Fixed(ref.sha256);
    Put(ref.size);
  }

  template <class... T>
  void PutAll(const T&... fields) {
    (Put(fields), ...);
  }

  const TranscriptWriter& transcript() const { return writer_; }

 private:
  TranscriptWriter writer_{"cairn-manifest-2"};
};

CanonicalWriter Write(const JobManifest& m) {
  CanonicalWriter writer;
  writer.PutAll(m.id.value, m.spec, m.federation, m.submitter, m.tensors, m.classes, m.initial_model);
  if (m.spec.privacy) writer.Put(*m.spec.privacy);
  if (m.spec.secagg.is_grouped()) writer.PutAll(m.group_sites, m.group_roster);
  return writer;
}

}  // namespace

std::string CanonicalBytes(const JobManifest& manifest) {
  return std::string(AsText(Write(manifest).transcript().bytes()));
}

std::string ComputeDigest(const JobManifest& manifest) { return Write(manifest).transcript().Digest().hex(); }

}  // namespace cairn
