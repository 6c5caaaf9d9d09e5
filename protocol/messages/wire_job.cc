#include <utility>

#include "cairn/v1/job.pb.h"
#include "core/tensor/parameter_spec.h"
#include "protocol/messages/job_limits.h"
#include "protocol/messages/manifest.h"
#include "protocol/messages/site_groups.h"
#include "protocol/messages/wire.h"

namespace cairn::wire {
namespace {

void ToWire(const HyperValue& value, v1::HyperValue* out) {
  struct Visitor {
    v1::HyperValue* out;
    void operator()(std::int64_t v) const { out->set_integer(v); }
    void operator()(double v) const { out->set_real(v); }
    void operator()(const std::string& v) const { out->set_text(v); }
    void operator()(const std::vector<std::int64_t>& v) const {
      out->mutable_integers()->mutable_values()->Assign(v.begin(), v.end());
    }
  };
  std::visit(Visitor{out}, value);
}

Status FromWire(const v1::HyperValue& in, HyperValue* out) {
  switch (in.kind_case()) {
    case v1::HyperValue::kInteger:
      *out = in.integer();
      return {};
    case v1::HyperValue::kReal:
      *out = in.real();
      return {};
    case v1::HyperValue::kText:
      *out = in.text();
      return {};
    case v1::HyperValue::kIntegers:
      if (in.integers().values_size() > static_cast<int>(kMaxHyperListEntries)) {
        return Malformed("model.hyper", "a list is too long");
      }
      *out = std::vector<std::int64_t>(in.integers().values().begin(), in.integers().values().end());
      return {};
    case v1::HyperValue::KIND_NOT_SET:
      break;
  }
  return Malformed("model.hyper", "an entry without a value");
}

void ToWire(const ModelConfig& model, v1::ModelConfig* out) {
  out->set_arch(model.arch);
  for (const auto& [name, value] : model.hyper) {
    v1::HyperEntry* entry = out->add_hyper();
    entry->set_name(name);
    ToWire(value, entry->mutable_value());
  }
  out->set_init(model.init);
}

Status FromWire(const v1::ModelConfig& in, ModelConfig* out) {
  if (in.hyper_size() > static_cast<int>(kMaxHyperEntries))
    return Malformed("model.hyper", "too many entries");
  out->arch = in.arch();
  out->init = in.init();
  out->hyper.clear();
  for (const v1::HyperEntry& entry : in.hyper()) {
    HyperValue value;
    CAIRN_RETURN_IF_ERROR(FromWire(entry.value(), &value));
    if (!out->hyper.emplace(entry.name(), std::move(value)).second) {
      return Malformed("model.hyper", "a name occurs twice");
    }
  }
  return {};
}

void ToWire(const OptimizerConfig& optimizer, v1::OptimizerConfig* out) {
  out->set_kind(static_cast<v1::OptimizerKind>(optimizer.kind));
  out->set_lr(optimizer.lr);
  out->set_momentum(optimizer.momentum);
  out->set_nesterov(optimizer.nesterov);
  out->set_weight_decay(optimizer.weight_decay);
  out->set_beta1(optimizer.beta1);
  out->set_beta2(optimizer.beta2);
  out->set_eps(optimizer.eps);
}

Status FromWire(const v1::OptimizerConfig& in, OptimizerConfig* out) {
  if (in.kind() != v1::OPTIMIZER_KIND_SGD && in.kind() != v1::OPTIMIZER_KIND_ADAM) {
    return Malformed("train.optimizer.kind", "unknown optimizer");
  }
  *out = {.kind = static_cast<OptimizerKind>(in.kind()),
          .lr = in.lr(),
          .momentum = in.momentum(),
          .nesterov = in.nesterov(),
          .weight_decay = in.weight_decay(),
          .beta1 = in.beta1(),
          .beta2 = in.beta2(),
          .eps = in.eps()};
  return {};
}

// The ranges are checked by those who have the whole.
Status TrainFromWire(const v1::TrainConfig& in, TrainConfig* out) {
  if (in.loss() != v1::LOSS_CROSS_ENTROPY && in.loss() != v1::LOSS_BCE)
    return Malformed("train.loss", "unknown loss");
  *out = {.loss = static_cast<Loss>(in.loss()),
          .epochs = in.epochs(),
          .steps = in.steps(),
          .batch = in.batch(),
          .drop_last = in.drop_last(),
          .optimizer = {},
          .grad_clip = in.grad_clip(),
          .proximal_mu = in.proximal_mu()};
  return FromWire(in.optimizer(), &out->optimizer);
}

Status Refuse(const std::optional<JobFault>& fault) {
  return fault ? Malformed(fault->key, fault->problem) : Status();
}

void ToWire(const StrategyConfig& strategy, v1::StrategyConfig* out) {
  out->set_name(strategy.name);
  out->set_lr(strategy.lr);
  out->set_momentum(strategy.momentum);
  out->set_beta1(strategy.beta1);
  out->set_beta2(strategy.beta2);
  out->set_tau(strategy.tau);
  out->set_rounds(strategy.rounds);
  out->set_weight_by_examples(strategy.weight_by_examples);
  out->set_weight_cap(strategy.weight_cap);
  out->set_mu(strategy.mu);
}

StrategyConfig FromWire(const v1::StrategyConfig& in) {
  return {.name = in.name(),
          .lr = in.lr(),
          .momentum = in.momentum(),
          .beta1 = in.beta1(),
          .beta2 = in.beta2(),
          .tau = in.tau(),
          .mu = in.mu(),
          .rounds = in.rounds(),
          .weight_by_examples = in.weight_by_examples(),
          .weight_cap = in.weight_cap()};
}

void ToWire(const CohortConfig& cohort, v1::CohortConfig* out) {
  out->set_min_clients(cohort.min_clients);
  out->set_target(cohort.target);
  out->set_over_selection(cohort.over_selection);
  out->set_min_reports(cohort.min_reports);
  out->set_max_attempts(cohort.max_attempts);
}

CohortConfig FromWire(const v1::CohortConfig& in) {
  return {.min_clients = in.min_clients(),
          .target = in.target(),
          .over_selection = in.over_selection(),
          .min_reports = in.min_reports(),
          .max_attempts = in.max_attempts()};
}

void ToWire(const PrivacyTerms& terms, v1::PrivacyTerms* out) {
  out->set_unit(static_cast<v1::PrivacyUnit>(terms.unit));
  out->set_mechanism(static_cast<v1::PrivacyMechanism>(terms.mechanism));
  out->set_clip(terms.clip);
  out->set_noise_multiplier(terms.noise_multiplier);
  out->set_delta(terms.delta.value_or(0));
  if (!terms.protects_clients()) return;
  out->set_colluders(terms.colluders);
  out->set_clip_quantile(terms.clip_quantile);
  out->set_clip_lr(terms.clip_lr);
}

Status FromWire(const v1::PrivacyTerms& in, PrivacyTerms* out) {
  if (in.unit() != v1::PRIVACY_UNIT_PATIENT && in.unit() != v1::PRIVACY_UNIT_CLIENT)
    return Malformed("privacy.unit", "unknown unit");
  if (in.mechanism() < v1::PRIVACY_MECHANISM_DP_SGD || in.mechanism() > v1::PRIVACY_MECHANISM_LOCAL)
    return Malformed("privacy.mechanism", "unknown mechanism");
  *out = {.unit = static_cast<PrivacyUnit>(in.unit()),
          .mechanism = static_cast<PrivacyTerms::Mechanism>(in.mechanism()),
          .clip = in.clip(),
          .noise_multiplier = in.noise_multiplier(),
          .delta = std::nullopt};
  if (in.delta() != 0) out->delta = in.delta();
  if (!out->protects_clients()) return {};
  out->colluders = in.colluders();
  out->clip_quantile = in.clip_quantile();
  out->clip_lr = in.clip_lr();
  return {};
}

void ToWire(const JobSpec& spec, v1::JobSpec* out) {
  out->set_name(spec.name);
  ToWire(spec.model, out->mutable_model());
  out->mutable_data()->set_dataset(spec.data.dataset);
  out->mutable_data()->set_schema_toml(spec.data.schema_toml);
  out->mutable_data()->set_holdout(spec.data.holdout);
  wire::ToWire(spec.train, out->mutable_train());
  out->mutable_freeze()->Assign(spec.freeze.begin(), spec.freeze.end());
  ToWire(spec.strategy, out->mutable_strategy());
  ToWire(spec.cohort, out->mutable_cohort());
  out->set_round_deadline_ns(spec.round.deadline.count());
  out->mutable_evaluate()->set_federated(spec.evaluate.federated);
  out->mutable_evaluate()->set_central(spec.evaluate.central);
  out->mutable_evaluate()->set_metric(spec.evaluate.metric);
  out->mutable_evaluate()->set_maximize(spec.evaluate.maximize);
  out->set_secagg(static_cast<v1::SecAggMode>(spec.secagg.mode));
  out->mutable_secagg_terms()->set_bits(spec.secagg.bits);
  out->mutable_secagg_terms()->set_clip(spec.secagg.clip);
  out->mutable_secagg_terms()->set_buffer_clip(spec.secagg.buffer_clip);
  out->mutable_secagg_terms()->set_max_sites(spec.secagg.max_sites);
  out->mutable_secagg_terms()->set_group_size(spec.secagg.group_size);
  out->mutable_secagg_terms()->set_group_min(spec.secagg.group_min);
  out->mutable_secagg_terms()->set_rule(static_cast<v1::GroupRule>(spec.secagg.rule));
  out->mutable_secagg_terms()->set_trim(spec.secagg.trim);
  if (spec.privacy) ToWire(*spec.privacy, out->mutable_privacy());
  out->set_seed(spec.seed);
}

Status FromWire(const v1::JobSpec& in, JobSpec* out) {
  if (in.freeze_size() > static_cast<int>(kMaxFreezePatterns))
    return Malformed("freeze", "too many patterns");
  if (in.secagg() < v1::SEC_AGG_MODE_OFF || in.secagg() > v1::SEC_AGG_MODE_GROUPED)
    return Malformed("secagg", "unknown mode");
  if (in.secagg_terms().rule() > v1::GROUP_RULE_GEOMETRIC_MEDIAN || in.secagg_terms().rule() < 0)
    return Malformed("secagg.rule", "unknown rule");
  out->name = in.name();
  CAIRN_RETURN_IF_ERROR(FromWire(in.model(), &out->model));
  out->data = {
      .dataset = in.data().dataset(), .schema_toml = in.data().schema_toml(), .holdout = in.data().holdout()};
  CAIRN_RETURN_IF_ERROR(TrainFromWire(in.train(), &out->train));
  out->freeze.assign(in.freeze().begin(), in.freeze().end());
  out->strategy = FromWire(in.strategy());
  out->cohort = FromWire(in.cohort());
  out->round.deadline = Duration(in.round_deadline_ns());
  out->evaluate = {.federated = in.evaluate().federated(),
                   .central = in.evaluate().central(),
                   .metric = in.evaluate().metric(),
                   .maximize = in.evaluate().maximize()};
  out->secagg = {.mode = static_cast<SecAggMode>(in.secagg()),
                 .bits = in.secagg_terms().bits(),
                 .clip = in.secagg_terms().clip(),
                 .buffer_clip = in.secagg_terms().buffer_clip(),
                 .max_sites = in.secagg_terms().max_sites(),
                 .group_size = in.secagg_terms().group_size(),
                 .group_min = in.secagg_terms().group_min(),
                 .rule = static_cast<GroupRule>(in.secagg_terms().rule()),
                 .trim = in.secagg_terms().trim()};
  out->privacy.reset();
  if (in.has_privacy()) CAIRN_RETURN_IF_ERROR(FromWire(in.privacy(), &out->privacy.emplace()));
  out->seed = in.seed();
  if (out->model.init.starts_with("file:"))
    return Malformed("model.init", "a path means nothing to another machine");
  return Refuse(FindJobFault(*out));
}

void ToWire(const TensorSpec& tensor, v1::TensorSpec* out) {
  out->set_name(tensor.name);
  out->mutable_shape()->Assign(tensor.shape.begin(), tensor.shape.end());
  out->set_role(static_cast<v1::TensorRole>(static_cast<int>(tensor.role) + 1));
  out->set_scope(static_cast<v1::TensorScope>(static_cast<int>(tensor.scope) + 1));
}

Status FromWire(const v1::TensorSpec& in, const ParameterSpec::Limits& limits, TensorSpec* out) {
  if (in.shape_size() > static_cast<int>(limits.max_rank))
    return Malformed("tensors", "a shape has too many dimensions");
  if (in.role() < v1::TENSOR_ROLE_PARAMETER || in.role() > v1::TENSOR_ROLE_COUNTER) {
    return Malformed("tensors", "unknown role");
  }
  if (in.scope() < v1::TENSOR_SCOPE_EXCHANGED || in.scope() > v1::TENSOR_SCOPE_LOCAL) {
    return Malformed("tensors", "unknown scope");
  }
  *out = {.name = in.name(),
          .shape = Shape(in.shape().begin(), in.shape().end()),
          .role = static_cast<Role>(in.role() - 1),
          .scope = static_cast<Scope>(in.scope() - 1)};
  return {};
}

// The tensors as a spec: names unique, products checked, order as the spec has it.
Status CheckTensors(const JobManifest& manifest) {
  auto spec = ParameterSpec::Create(manifest.tensors);
  if (!spec.ok()) return Malformed("tensors", spec.status().what());
  if (spec->tensors() != manifest.tensors)
    return Malformed("tensors", "not in the order of their roles and scopes");
  if (spec->byte_size() != manifest.initial_model.size) {
    return Malformed("initial_model", "expected " + std::to_string(spec->byte_size()) +
                                          " bytes for these tensors, got " +
                                          std::to_string(manifest.initial_model.size));
  }
  return {};
}

}  // namespace

void ToWire(const TrainConfig& config, v1::TrainConfig* out) {
  out->set_loss(static_cast<v1::Loss>(config.loss));
  out->set_epochs(config.epochs);
  out->set_steps(config.steps);
  out->set_batch(config.batch);
  out->set_drop_last(config.drop_last);
  ToWire(config.optimizer, out->mutable_optimizer());
  out->set_grad_clip(config.grad_clip);
  out->set_proximal_mu(config.proximal_mu);
}

Status FromWire(const v1::TrainConfig& in, TrainConfig* out) {
  CAIRN_RETURN_IF_ERROR(TrainFromWire(in, out));
  return Refuse(FindTrainFault(*out));
}

void ToWire(const JobManifest& manifest, v1::JobManifest* out) {
  out->set_id(manifest.id.value);
  ToWire(manifest.spec, out->mutable_spec());
  out->set_federation(manifest.federation);
  out->set_submitter(manifest.submitter);
  for (const TensorSpec& tensor : manifest.tensors) ToWire(tensor, out->add_tensors());
  out->set_classes(manifest.classes);
  ToWire(manifest.initial_model, out->mutable_initial_model());
  out->mutable_group_sites()->Assign(manifest.group_sites.begin(), manifest.group_sites.end());
  out->set_group_roster(manifest.group_roster);
  out->set_digest(manifest.digest);
}

Status FromWire(const v1::JobManifest& in, const DecodeLimits& limits, JobManifest* out) {
  const ParameterSpec::Limits shape_limits;
  if (in.tensors_size() > static_cast<int>(shape_limits.max_tensors)) return Malformed("tensors", "too many");
  CAIRN_RETURN_IF_ERROR(CheckText("federation", in.federation(), kMaxNameBytes));
  CAIRN_RETURN_IF_ERROR(CheckText("submitter", in.submitter(), kMaxNameBytes));
  out->id = {in.id()};
  CAIRN_RETURN_IF_ERROR(FromWire(in.spec(), &out->spec));
  out->federation = in.federation();
  out->submitter = in.submitter();
  out->tensors.clear();
  for (const v1::TensorSpec& tensor : in.tensors()) {
    CAIRN_RETURN_IF_ERROR(FromWire(tensor, shape_limits, &out->tensors.emplace_back()));
  }
  if (in.classes() > kMaxClasses) return Malformed("classes", "too many");
  out->classes = in.classes();
  CAIRN_RETURN_IF_ERROR(FromWire(in.initial_model(), limits, &out->initial_model));
  CAIRN_RETURN_IF_ERROR(CheckTensors(*out));
  out->group_sites.assign(in.group_sites().begin(), in.group_sites().end());
  out->group_roster = in.group_roster();
  if (const auto fault = FindGroupFault(*out)) return Malformed(fault->key, fault->problem);
  out->digest = ComputeDigest(*out);
  if (out->digest != in.digest()) return Malformed("digest", "not the digest of this manifest");
  return {};
}

}  // namespace cairn::wire
