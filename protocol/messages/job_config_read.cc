#include <algorithm>
#include <optional>
#include <string_view>

#include "protocol/messages/job_config.h"
#include "protocol/messages/job_limits.h"
#include "protocol/messages/job_words.h"
#include "protocol/messages/masked_layout.h"
#include "protocol/messages/site_groups.h"
#include "protocol/messages/strategy_defaults.h"

namespace cairn {
namespace {

using Kind = ConfigValue::Kind;

std::optional<HyperValue> ReadHyper(const ConfigValue& value) {
  switch (value.kind) {
    case Kind::kString:
      return value.text;
    case Kind::kInteger:
      return value.integer;
    case Kind::kDouble:
      return value.number;
    case Kind::kBool:
      return std::int64_t{value.flag};
    case Kind::kTable:
      return std::nullopt;
    case Kind::kArray:
      break;
  }
  std::vector<std::int64_t> list;
  for (const ConfigValue& item : value.items) {
    if (item.kind != Kind::kInteger) return std::nullopt;
    list.push_back(item.integer);
  }
  return list;
}

void ReadModel(ConfigReader table, ModelConfig& model) {
  table.Required("arch", &model.arch, ConfigRule{.about = "a model of the zoo"});
  table.Optional("init", &model.init, {.about = "\"seed:N\", \"file:PATH\" or \"sha256:HEX\""});
  const ConfigValue* hyper = table.Free("hyper", "the model's own parameters");
  if (hyper == nullptr) return;
  if (hyper->kind != Kind::kTable) return table.Fail("hyper", "expected a table");
  for (const ConfigMember& member : hyper->members) {
    auto value = ReadHyper(member.value);
    if (!value)
      return table.Fail("hyper", "\"" + member.key + "\" must be a number, a text or a list of integers");
    model.hyper[member.key] = std::move(*value);
  }
}

void ReadData(ConfigReader table, DataTerms& data, std::string& schema_path) {
  table.Required("dataset", &data.dataset,
                 ConfigRule{.about = "a logical name; each site maps it to a path of its own"});
  table.Optional("schema", &schema_path, {.about = "file of the data contract"});
  table.Optional("holdout", &data.holdout,
                 {.min = 0, .max = 0.5, .about = "share of a site's rows kept for validation"});
}

void ReadOptimizer(ConfigReader table, OptimizerConfig& optimizer) {
  table.Optional("name", &optimizer.kind, kOptimizerWords, "client optimizer");
  table.Optional("lr", &optimizer.lr, {.about = "client learning rate"});
  table.Optional("momentum", &optimizer.momentum);
  table.Optional("nesterov", &optimizer.nesterov);
  table.Optional("weight_decay", &optimizer.weight_decay);
  table.Optional("beta1", &optimizer.beta1);
  table.Optional("beta2", &optimizer.beta2);
  table.Optional("eps", &optimizer.eps);
}

void ReadTrain(ConfigReader table, TrainConfig& train) {
  table.Optional("loss", &train.loss, kLossWords, "what training minimizes");
  table.Optional("epochs", &train.epochs, {.about = "passes over a site's rows a round"});
  table.Optional("steps", &train.steps, {.about = "steps a round instead of epochs; 0: epochs count"});
  table.Optional("batch", &train.batch, {.about = "rows a step"});
  table.Optional("drop_last", &train.drop_last, {.about = "leave out a last short batch"});
  table.Optional("grad_clip", &train.grad_clip, {.about = "largest gradient norm; 0: none"});
  table.Optional("proximal_mu", &train.proximal_mu, {.about = "FedProx: pull towards the received model"});
  ReadOptimizer(table.Table("optimizer"), train.optimizer);
}

// "all", or a number of clients.
void ReadTarget(ConfigReader& table, std::uint32_t& target) {
  if (table.KindOf("target") == Kind::kInteger) {
    table.Optional("target", &target, ConfigRule{.min = 1, .about = "reports wanted a round, or \"all\""});
    return;
  }
  std::string all = "all";
  table.Optional("target", &all, {.choices = {"all"}, .about = "reports wanted a round, or \"all\""});
}

void ReadStrategy(ConfigReader table, StrategyConfig& strategy, CohortConfig& cohort, bool is_private) {
  table.Optional("name", &strategy.name, {.about = "how updates become the next model"});
  strategy = DefaultStrategy(strategy.name);  // before the other keys, so that they win
  strategy.weight_by_examples = !is_private;
  table.Optional("lr", &strategy.lr, {.about = "server learning rate"});
  table.Optional("momentum", &strategy.momentum);
  table.Optional("beta1", &strategy.beta1);
  table.Optional("beta2", &strategy.beta2);
  table.Optional("tau", &strategy.tau, {.about = "adaptivity of the adaptive strategies"});
  table.Optional("mu", &strategy.mu, {.about = "fedprox: pull of the clients towards the received model"});
  table.Optional("rounds", &strategy.rounds);
  table.Optional("weight_by_examples", &strategy.weight_by_examples,
                 {.about = "else every site counts the same"});
  table.Optional("weight_cap", &strategy.weight_cap, ConfigRule{.about = "examples beyond it count no more"});
  ConfigReader group = table.Table("cohort");
  group.Optional("min", &cohort.min_clients, ConfigRule{.about = "the job waits until so many have joined"});
  ReadTarget(group, cohort.target);
  group.Optional("over_selection", &cohort.over_selection, {.about = "share invited beyond the target"});
  group.Optional("min_reports", &cohort.min_reports,
                 ConfigRule{.about = "fewer abandon the attempt; 0: target"});
  group.Optional("max_attempts", &cohort.max_attempts,
                 ConfigRule{.about = "tries at one round before the job fails"});
}

void ReadFinetune(ConfigReader table, std::vector<std::string>& freeze) {
  std::string mode = "full";
  table.Optional("mode", &mode, {.about = "full, or frozen with patterns in freeze"});
  table.Optional("freeze", &freeze, {.about = "tensors never trained and never sent, by pattern"});
  if (mode == "head" || mode == "lora") {
    table.Fail("mode", "\"" + mode + "\" is not offered by this release",
               "use \"full\", or \"frozen\" with patterns in finetune.freeze");
  } else if (mode == "frozen") {
    if (freeze.empty()) table.Fail("mode", "\"frozen\" needs patterns in finetune.freeze");
  } else if (mode != "full") {
    table.Fail("mode", "expected \"full\" or \"frozen\", got \"" + mode + "\"");
  } else if (!freeze.empty()) {
    table.Fail("freeze", "patterns need finetune.mode = \"frozen\"");
  }
}

// Only what this release does may be asked for, so that nobody believes tensors stay at home that do not.
void ReadExchange(ConfigReader table) {
  std::vector<std::string> include = {"*"}, personal;
  std::string buffers = "average", counters = "max";
  table.Optional("include", &include, {.about = "tensors that are exchanged; in this release all"});
  table.Optional("personal", &personal, {.about = "tensors kept at the site; in this release none"});
  table.Optional("buffers", &buffers, {.about = "in this release \"average\""});
  table.Optional("counters", &counters, {.about = "in this release \"max\""});
  constexpr std::string_view kOtherwise = " is not offered by this release";
  if (include != std::vector<std::string>{"*"}) {
    table.Fail("include", "anything but [\"*\"]" + std::string(kOtherwise),
               "use finetune.freeze to keep tensors out");
  }
  if (!personal.empty()) table.Fail("personal", "a personal layer" + std::string(kOtherwise));
  if (buffers != "average") table.Fail("buffers", "\"" + buffers + "\"" + std::string(kOtherwise));
  if (counters != "max") table.Fail("counters", "\"" + counters + "\"" + std::string(kOtherwise));
}

void ReadSecAgg(ConfigReader table, SecAggConfig& secagg) {
  table.Optional("mode", &secagg.mode, kSecAggWords,
                 "full: the aggregator learns sums alone; grouped: the sum of each group; off: it reads "
                 "every update. Of the "
                 "last two each site must agree");
  table.Optional("clip", &secagg.clip,
                 {.about = "L2 bound of a site's change of the parameters; for 32 bits"});
  table.Optional("buffer_clip", &secagg.buffer_clip, {.about = "likewise of the buffers; 0: as clip"});
  secagg.bits = secagg.clip > 0 ? 32 : 64;
  table.Optional("bits", &secagg.bits, ConfigRule{.about = "64: exact; 32: half the bytes, needs clip"});
  table.Optional("max_sites", &secagg.max_sites,
                 ConfigRule{.about = "largest cohort the sum must hold; 0: auto"});
  if (secagg.bits == 32 && secagg.buffer_clip == 0) secagg.buffer_clip = secagg.clip;
  table.Optional("group_size", &secagg.group_size,
                 ConfigRule{.about = "grouped: fewest sites a group is made of"});
  table.Optional("group_min", &secagg.group_min,
                 ConfigRule{.about = "grouped: fewest sites a group's sum may hold; 0: group_size"});
  table.Optional("rule", &secagg.rule, kGroupRuleWords, "grouped: how the groups' means become one");
  table.Optional("trim", &secagg.trim,
                 ConfigRule{.about = "trimmed-mean: groups left out at either end, of each element"});
}

void ReadEvaluate(ConfigReader table, EvaluateConfig& evaluate, bool is_private) {
  std::vector<std::string> where;
  if (!is_private) where.emplace_back("federated");
  table.Optional(
      "where", &where,
      {.choices = {"federated", "central"}, .about = "on sites' held-out rows, on a server-held set"});
  const auto has = [&where](std::string_view place) {
    return std::ranges::find(where, place) != where.end();
  };
  evaluate.federated = has("federated");
  evaluate.central = has("central");
  ConfigRule metric{.about = "what decides which model is best"};
  metric.choices.assign(MetricNames().begin(), MetricNames().end());
  table.Optional("metric", &evaluate.metric, metric);
  evaluate.maximize = evaluate.metric != "log_loss";
  table.Optional("mode", &evaluate.maximize, kMaximizeWords, "is more better, or less");
}

void ReadRound(ConfigReader table, RoundTerms& round) {
  constexpr std::string_view kAbout = "\"auto\", or a time such as \"10m\"";
  std::string text = "auto";
  table.Optional("deadline", &text, {.about = kAbout});
  if (text == "auto") return;
  Duration deadline{0};
  table.Optional("deadline", &deadline, {.min = 1, .about = kAbout});
  round.deadline = deadline;
}

// Puts a fault of the whole at the key it belongs to.
void NoteFault(ConfigReader table, std::string_view key, const std::string& problem) {
  const std::size_t dot = key.find('.');
  if (dot == std::string_view::npos) return table.Fail(key, problem);
  NoteFault(table.Table(key.substr(0, dot)), key.substr(dot + 1), problem);
}

}  // namespace

JobFile ParseJobSpec(ConfigReader& root) {
  JobFile job;
  JobSpec& spec = job.spec;
  const bool is_private = root.Has("privacy");
  std::int64_t schema = 1;
  root.Required("schema", &schema, ConfigRule{.min = 1, .max = 1, .about = "version of this file's format"});
  root.Required("name", &spec.name, ConfigRule{.about = "name of the job"});
  root.Optional("seed", &spec.seed, ConfigRule{.about = "of selection and training order; public"});
  ReadModel(root.Table("model"), spec.model);
  ReadData(root.Table("data"), spec.data, job.schema_path);
  ReadTrain(root.Table("train"), spec.train);
  ReadStrategy(root.Table("strategy"), spec.strategy, spec.cohort, is_private);
  ReadFinetune(root.Table("finetune"), spec.freeze);
  ReadExchange(root.Table("exchange"));
  ReadSecAgg(root.Table("secagg"), spec.secagg);
  // Where the file does not say: as many sites as the fewest groups need.
  if (spec.secagg.is_grouped() && !root.Table("strategy").Table("cohort").Has("min"))
    spec.cohort.min_clients = LeastGroups(spec.secagg) * SmallestGroupSum(spec.secagg);
  ReadEvaluate(root.Table("evaluate"), spec.evaluate, is_private);
  ReadRound(root.Table("round"), spec.round);
  if (is_private) {
    spec.privacy = ReadPrivacyTerms(root.Table("privacy"), {.rounds = spec.strategy.rounds,
                                                            .fewest_survivors = SmallestMaskedCohort(spec)});
  }
  if (const auto fault = FindJobFault(spec)) NoteFault(root, fault->key, fault->problem);
  return job;
}

Status LoadSchema(JobFile& job, const std::filesystem::path& folder) {
  if (job.schema_path.empty()) return {};
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument schema, ConfigDocument::ReadFile(folder / job.schema_path));
  job.spec.data.schema_toml = ToToml(schema.root());
  return {};
}

}  // namespace cairn
