#include <utility>

#include "core/base/text.h"
#include "protocol/messages/job_config.h"
#include "protocol/messages/job_words.h"

namespace cairn {
namespace {

ConfigValue Value(const std::string& text) { return ConfigValue::String(text); }
ConfigValue Value(std::int64_t integer) { return ConfigValue::Integer(integer); }
ConfigValue Value(std::uint64_t integer) { return ConfigValue::Integer(static_cast<std::int64_t>(integer)); }
ConfigValue Value(std::uint32_t integer) { return ConfigValue::Integer(integer); }
ConfigValue Value(double number) { return ConfigValue::Double(number); }
ConfigValue Value(bool flag) { return ConfigValue::Bool(flag); }
template <class T>
ConfigValue Value(const std::vector<T>& list) {
  std::vector<ConfigValue> items;
  for (const T& element : list) items.push_back(Value(element));
  return ConfigValue::Array(std::move(items));
}
ConfigValue Value(const HyperValue& value) {
  return std::visit([](const auto& v) { return Value(v); }, value);
}

ConfigValue HyperTable(const ModelConfig& model) {
  ConfigValue hyper;
  for (const auto& [name, value] : model.hyper) hyper.Set(name, Value(value));
  return hyper;
}

ConfigValue ModelTable(const ModelConfig& model) {
  ConfigValue table;
  table.Set("arch", Value(model.arch));
  if (!model.hyper.empty()) table.Set("hyper", HyperTable(model));
  table.Set("init", Value(model.init));
  return table;
}

ConfigValue DataTable(const DataTerms& data, const std::string& schema_path) {
  ConfigValue table;
  table.Set("dataset", Value(data.dataset));
  table.Set("holdout", Value(data.holdout));
  if (!schema_path.empty()) table.Set("schema", Value(schema_path));
  return table;
}

ConfigValue OptimizerTable(const OptimizerConfig& optimizer) {
  ConfigValue table;
  table.Set("name", Value(WordOf(optimizer.kind, kOptimizerWords)));
  table.Set("lr", Value(optimizer.lr));
  table.Set("momentum", Value(optimizer.momentum));
  table.Set("nesterov", Value(optimizer.nesterov));
  table.Set("weight_decay", Value(optimizer.weight_decay));
  table.Set("beta1", Value(optimizer.beta1));
  table.Set("beta2", Value(optimizer.beta2));
  table.Set("eps", Value(optimizer.eps));
  return table;
}

ConfigValue TrainTable(const TrainConfig& train) {
  ConfigValue table;
  table.Set("loss", Value(WordOf(train.loss, kLossWords)));
  table.Set("epochs", Value(train.epochs));
  table.Set("steps", Value(train.steps));
  table.Set("batch", Value(train.batch));
  table.Set("drop_last", Value(train.drop_last));
  table.Set("grad_clip", Value(train.grad_clip));
  table.Set("proximal_mu", Value(train.proximal_mu));
  table.Set("optimizer", OptimizerTable(train.optimizer));
  return table;
}

ConfigValue CohortTable(const CohortConfig& cohort) {
  ConfigValue table;
  table.Set("min", Value(cohort.min_clients));
  table.Set("target", cohort.target == 0 ? Value(std::string("all")) : Value(cohort.target));
  table.Set("over_selection", Value(cohort.over_selection));
  table.Set("min_reports", Value(cohort.min_reports));
  table.Set("max_attempts", Value(cohort.max_attempts));
  return table;
}

ConfigValue StrategyTable(const StrategyConfig& strategy, const CohortConfig& cohort) {
  ConfigValue table;
  table.Set("name", Value(strategy.name));
  table.Set("lr", Value(strategy.lr));
  table.Set("momentum", Value(strategy.momentum));
  table.Set("beta1", Value(strategy.beta1));
  table.Set("beta2", Value(strategy.beta2));
  table.Set("tau", Value(strategy.tau));
  table.Set("mu", Value(strategy.mu));
  table.Set("rounds", Value(strategy.rounds));
  table.Set("weight_by_examples", Value(strategy.weight_by_examples));
  table.Set("weight_cap", Value(strategy.weight_cap));
  table.Set("cohort", CohortTable(cohort));
  return table;
}

ConfigValue FinetuneTable(const std::vector<std::string>& freeze) {
  ConfigValue table;
  table.Set("mode", Value(std::string(freeze.empty() ? "full" : "frozen")));
  table.Set("freeze", Value(freeze));
  return table;
}

ConfigValue EvaluateTable(const EvaluateConfig& evaluate) {
  std::vector<std::string> where;
  if (evaluate.federated) where.push_back("federated");
  if (evaluate.central) where.push_back("central");
  ConfigValue table;
  table.Set("where", Value(where));
  table.Set("metric", Value(evaluate.metric));
  table.Set("mode", Value(WordOf(evaluate.maximize, kMaximizeWords)));
  return table;
}

ConfigValue PrivacyTable(const PrivacyTerms& privacy) {
  ConfigValue table;
  table.Set("unit", Value(WordOf(privacy.unit, kPrivacyUnitWords)));
  table.Set("mechanism", Value(WordOf(privacy.mechanism, kPrivacyMechanismWords)));
  table.Set("clip", Value(privacy.clip));
  table.Set("noise_multiplier", Value(privacy.noise_multiplier));
  if (privacy.delta) table.Set("delta", Value(*privacy.delta));
  if (!privacy.protects_clients()) return table;
  table.Set("colluders", Value(std::int64_t{privacy.colluders}));
  table.Set("clip_quantile", Value(privacy.clip_quantile));
  table.Set("clip_lr", Value(privacy.clip_lr));
  return table;
}

}  // namespace

std::string JobToml(const JobSpec& spec, const std::string& schema_path) {
  ConfigValue root;
  root.Set("schema", Value(std::int64_t{1}));
  root.Set("name", Value(spec.name));
  root.Set("seed", Value(spec.seed));
  root.Set("model", ModelTable(spec.model));
  root.Set("data", DataTable(spec.data, schema_path));
  root.Set("train", TrainTable(spec.train));
  root.Set("strategy", StrategyTable(spec.strategy, spec.cohort));
  root.Set("finetune", FinetuneTable(spec.freeze));
  root.Set("evaluate", EvaluateTable(spec.evaluate));
  if (spec.privacy) root.Set("privacy", PrivacyTable(*spec.privacy));
  ConfigValue round, secagg;
  round.Set("deadline",
            Value(spec.round.deadline == Duration::zero() ? "auto" : FormatDuration(spec.round.deadline)));
  root.Set("round", std::move(round));
  secagg.Set("mode", Value(WordOf(spec.secagg.mode, kSecAggWords)));
  secagg.Set("bits", Value(static_cast<std::int64_t>(spec.secagg.bits)));
  if (spec.secagg.bits == 32) {
    secagg.Set("clip", Value(spec.secagg.clip));
    secagg.Set("buffer_clip", Value(spec.secagg.buffer_clip));
  }
  secagg.Set("max_sites", Value(static_cast<std::int64_t>(spec.secagg.max_sites)));
  if (spec.secagg.is_grouped()) {
    secagg.Set("group_size", Value(spec.secagg.group_size));
    secagg.Set("group_min", Value(spec.secagg.group_min));
    secagg.Set("rule", Value(WordOf(spec.secagg.rule, kGroupRuleWords)));
    if (spec.secagg.trim > 0) secagg.Set("trim", Value(spec.secagg.trim));
  }
  root.Set("secagg", std::move(secagg));
  return ToToml(root);
}

std::string HyperToml(const ModelConfig& model) { return ToTomlInline(HyperTable(model)); }

}  // namespace cairn
