#include "simulation/report/run_recorder.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/json_writer.h"
#include "core/tensor/safetensors.h"
#include "protocol/messages/job_config.h"
#include "protocol/messages/job_words.h"
#include "protocol/messages/masked_layout.h"

namespace cairn {
namespace {

std::vector<double> ValuesOf(const MetricSums& sums) {
  if (sums.empty()) return std::vector<double>(RunRecorder::MetricNames().size(), kNoValue);
  const MetricValues values = Summarize(sums);
  return {values.log_loss, values.accuracy, values.roc_auc, values.macro_f1};
}

// What a run tells of privacy beside its metrics, as far as it knows it.
struct PrivacyValue {
  const char* name;
  double RoundRow::*value;
};
// The sum is of people who are at several sites; a client is one.
std::vector<PrivacyValue> PrivacyValuesOf(const RunRecorder::Config& config) {
  const auto& terms = config.manifest->spec.privacy;
  std::vector<PrivacyValue> values;
  if (config.knows_epsilon) values.push_back({"epsilon_max", &RoundRow::epsilon_max});
  if (config.knows_epsilon && !(terms && terms->protects_clients()))
    values.push_back({"epsilon_sum", &RoundRow::epsilon_sum});
  if (terms && terms->is_adaptive()) values.push_back({"clip", &RoundRow::clip});
  return values;
}

RunState StateOf(JobOutcome outcome) {
  switch (outcome) {
    case JobOutcome::kFinished:
      return RunState::kFinished;
    case JobOutcome::kStopped:
      return RunState::kStopped;
    case JobOutcome::kFailed:
      return RunState::kFailed;
  }
  return RunState::kFailed;
}

}  // namespace

RunRecorder::RunRecorder(Config config, RunDirectory directory)
    : config_(std::move(config)), directory_(std::move(directory)) {}

Result<RunRecorder> RunRecorder::Create(Config config) {
  config.directory.run.metrics = MetricNames();
  for (const PrivacyValue& one : PrivacyValuesOf(config)) config.directory.run.metrics.emplace_back(one.name);
  CAIRN_ASSIGN_OR_RETURN(RunDirectory directory, RunDirectory::Create(config.directory));
  return RunRecorder(std::move(config), std::move(directory));
}

Status RunRecorder::WriteClients(std::vector<ClientRow> rows) {
  clients_ = std::move(rows);
  return directory_.WriteClients(clients_);
}

Status RunRecorder::OnRound(const RoundSummary& summary, const ModelHandle& model, const MetricSums& central,
                            Duration wall, const SimulatedRound& simulated) {
  CAIRN_RETURN_IF_ERROR(TellPending(summary.metrics));
  if (summary.kind == RoundKind::kEvaluate) return {};
  for (const ClientId client : summary.reported) {
    if (client.value < clients_.size()) ++clients_[client.value].rounds;
  }
  RoundRow row;
  row.round = summary.key.round.value;
  row.invited = summary.invited;
  row.reported = summary.reported.size();
  row.declined = summary.declined;
  row.late = summary.late;
  row.invalid = summary.invalid;
  row.lost = simulated.lost;
  row.epsilon_max = simulated.epsilon_max;
  row.epsilon_sum = simulated.epsilon_sum;
  if (summary.clip > 0) row.clip = summary.clip;
  row.examples = summary.examples;
  row.bytes_up = row.reported * UploadBytes(*config_.manifest, LayoutOf(model->values.spec()));
  row.bytes_down = row.invited * model->ref.size;
  if (wall > Duration{0}) {
    CAIRN_RETURN_IF_ERROR(
        directory_.AppendTiming({.round = row.round, .total = std::chrono::duration<double>(wall).count()}));
  }
  if (config_.checkpoint_every > 0 && row.round % config_.checkpoint_every == 0) {
    CAIRN_RETURN_IF_ERROR(directory_.SaveCheckpoint(row.round, FileOf(model->values, row.round)));
  }
  if (config_.central) return Tell(std::move(row), central, "central", model->values);
  pending_ = Pending{std::move(row), model};
  return {};
}

// Sites have now measured the model of the round before.
Status RunRecorder::TellPending(const MetricSums& federated) {
  if (!pending_.has_value()) return {};
  Pending pending = std::move(*pending_);
  pending_.reset();
  return Tell(std::move(pending.row), federated, "federated", pending.model->values);
}

Status RunRecorder::Tell(RoundRow row, const MetricSums& sums, const char* split, const ParameterSet& model) {
  row.metrics = ValuesOf(sums);
  const std::vector<PrivacyValue> privacy = PrivacyValuesOf(config_);
  for (const PrivacyValue& one : privacy) row.metrics.push_back(row.*one.value);
  CAIRN_RETURN_IF_ERROR(directory_.AppendRound(row));
  const std::vector<std::string> names = MetricNames();
  std::vector<MetricLine> lines;
  for (std::size_t i = 0; i < names.size() && !sums.empty(); ++i) {
    lines.push_back({row.round, "", split, names[i], row.metrics[i], sums.rows});
  }
  for (const PrivacyValue& one : privacy)
    lines.push_back({row.round, "", "privacy", one.name, row.*one.value, 0});
  CAIRN_RETURN_IF_ERROR(directory_.AppendMetrics(lines));
  const auto deciding = std::ranges::find(names, config_.directory.run.metric);
  if (deciding != names.end()) {
    const double value = row.metrics[static_cast<std::size_t>(deciding - names.begin())];
    if (directory_.IsBest(row.round, value)) {
      best_ = Best{row.round, value};
      if (config_.save_best) CAIRN_RETURN_IF_ERROR(directory_.SaveBest(FileOf(model, row.round)));
    }
  }
  if (config_.tensorboard) CAIRN_RETURN_IF_ERROR(TellTensorBoard(row, split));
  rows_.push_back(row);
  if (config_.on_row) config_.on_row(row);
  return {};
}

// The folder has its final name only once a round was told, so the file is made with the first row.
Status RunRecorder::TellTensorBoard(const RoundRow& row, const char* split) {
  const double now = std::chrono::duration<double>(SystemWallClock().Now().time_since_epoch()).count();
  if (!tensorboard_.has_value()) {
    CAIRN_ASSIGN_OR_RETURN(tensorboard_, TensorBoardWriter::Create(directory_.path() / "tb" / "server", now));
  }
  const std::vector<std::string> names = MetricNames();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::isnan(row.metrics[i])) continue;
    const auto step = static_cast<std::int64_t>(row.round);
    CAIRN_RETURN_IF_ERROR(tensorboard_->AddScalar(names[i] + "/" + split, step, row.metrics[i], now));
  }
  return {};
}

// The model card: what the file beside it is, and what it came from.
std::string RunRecorder::ModelJson(const ParameterSet& model) const {
  const JobSpec& spec = config_.manifest->spec;
  JsonObject hyper;
  for (const auto& [name, value] : spec.model.hyper) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) hyper.Add(name, *integer);
    if (const auto* real = std::get_if<double>(&value)) hyper.Add(name, *real);
    if (const auto* text = std::get_if<std::string>(&value)) hyper.Add(name, *text);
    if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) {
      JsonArray array;
      for (const std::int64_t entry : *list) array.Add(entry);
      hyper.Add(name, array);
    }
  }
  JsonObject card;
  card.Add("arch", spec.model.arch).Add("hyper", hyper).Add("init", spec.model.init);
  card.Add("parameters", model.spec().total(Role::kParameter)).Add("run", directory_.id());
  card.Add("manifest_sha256", config_.manifest->digest);
  card.Add("rounds", rows_.empty() ? 0 : static_cast<std::int64_t>(rows_.back().round));
  card.Add("secure_aggregation", spec.secagg.is_masked()).Add("differential_privacy", config_.privacy);
  return card.text();
}

Status RunRecorder::OnEnd(const JobClosed& end, const ModelHandle& model) {
  CAIRN_RETURN_IF_ERROR(TellPending({}));
  CAIRN_RETURN_IF_ERROR(directory_.WriteClients(clients_));
  const std::uint64_t rounds = rows_.empty() ? 0 : rows_.back().round;
  CAIRN_RETURN_IF_ERROR(directory_.SaveFinal(FileOf(model->values, rounds)));
  CAIRN_RETURN_IF_ERROR(directory_.WriteModelJson(ModelJson(model->values)));
  RunStatus status{StateOf(end.outcome), rounds, config_.manifest->spec.strategy.rounds, {}};
  if (end.outcome == JobOutcome::kFailed) status.error = ToString(ErrorId{end.reason_id}) + " " + end.reason;
  CAIRN_RETURN_IF_ERROR(directory_.WriteStatus(status));
  return directory_.WriteReport();
}

// Only what follows from the job goes into the file: equal runs give equal files.
std::vector<std::byte> RunRecorder::FileOf(const ParameterSet& model, std::uint64_t round) const {
  const JobSpec& spec = config_.manifest->spec;
  return WriteSafetensors(model, {{"format", "pt"},
                                  {"cairn.job", spec.name},
                                  {"cairn.arch", spec.model.arch},
                                  {"cairn.hyper", HyperToml(spec.model)},
                                  {"cairn.round", std::to_string(round)}});
}

std::vector<std::pair<std::string, std::string>> JobFacts(const JobManifest& manifest, std::size_t sites,
                                                          bool masks_left_out) {
  const JobSpec& spec = manifest.spec;
  std::int64_t parameters = 0;
  for (const TensorSpec& tensor : manifest.tensors) {
    if (tensor.role == Role::kParameter) parameters += tensor.size();
  }
  const bool adam = spec.train.optimizer.kind == OptimizerKind::kAdam;
  char lr[32];
  std::snprintf(lr, sizeof lr, "%g", spec.train.optimizer.lr);
  const auto counted = [](std::uint32_t n, const char* what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
  };
  const std::string amount =
      spec.train.steps > 0 ? counted(spec.train.steps, "step") : counted(spec.train.epochs, "epoch");
  return {{"Model", spec.model.arch + ", " + std::to_string(parameters) + " parameters"},
          {"Strategy", spec.strategy.name},
          {"Sites", std::to_string(sites)},
          {"Local training", amount + ", batch " + std::to_string(spec.train.batch) + ", " +
                                 (adam ? "adam" : "sgd") + ", lr " + lr},
          {"Secure aggregation", !spec.secagg.is_masked() ? "off: updates are readable by the aggregator"
                                 : spec.secagg.is_grouped()
                                     ? "by groups: the sum of each is readable by the aggregator"
                                 : masks_left_out ? "on; this simulation left out the masks, which cancel"
                                                  : "on"},
          {"Differential privacy", PrivacyWords(spec)},
          {"Seed", std::to_string(spec.seed)}};
}

std::string PrivacyWords(const JobSpec& spec) {
  if (!spec.privacy) return "none";
  const PrivacyTerms& terms = *spec.privacy;
  char text[160];
  std::snprintf(text, sizeof text, "%s, %s, clip %g%s, noise multiplier %g", ToString(terms.unit).c_str(),
                WordOf(terms.mechanism, kPrivacyMechanismWords).c_str(), terms.clip,
                terms.is_adaptive() ? " at first" : "", terms.noise_multiplier);
  return text;
}

}  // namespace cairn
