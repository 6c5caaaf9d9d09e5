#include "aggregator/server/admin_api.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "aggregator/server/answer_text.h"
#include "aggregator/server/round_holdings.h"
#include "core/tensor/safetensors.h"
#include "protocol/messages/job_config.h"
#include "protocol/messages/job_words.h"
#include "protocol/messages/limits.h"
#include "protocol/messages/readable.h"

namespace cairn {
namespace {

using Json = nlohmann::json;

constexpr const char* kOutcomes[] = {"", "finished", "stopped", "failed"};

Json RoundJson(const RoundSummary& summary) {
  Json json = {{"round", summary.key.round.value},
               {"attempt", summary.key.attempt},
               {"kind", summary.kind == RoundKind::kTrain ? "train" : "evaluate"},
               {"invited", summary.invited},
               {"reported", summary.reported.size()},
               {"declined", summary.declined},
               {"invalid", summary.invalid},
               {"late", summary.late},
               {"examples", summary.examples}};
  if (summary.clip > 0) json["clip"] = summary.clip;
  if (!summary.metrics.empty()) {
    // They measure the model this round started from: the one the round before made.
    const MetricValues values = Summarize(summary.metrics);
    json["measured"] = {{"rows", values.rows},
                        {"accuracy", values.accuracy},
                        {"log_loss", values.log_loss},
                        {"roc_auc", values.roc_auc},
                        {"macro_f1", values.macro_f1}};
  }
  return json;
}

Json StatusJson(const AggregatorDriver::JobStatus& job) {
  Json rounds = Json::array();
  for (const RoundSummary& summary : job.committed) rounds.push_back(RoundJson(summary));
  Json json = {{"id", "j-" + std::to_string(job.id.value)},
               {"name", job.name},
               {"state", job.state},
               {"digest", job.manifest->digest},
               {"submitter", job.manifest->submitter},
               {"readable", ReadableWords(job.manifest->spec)},
               {"rounds_done", job.rounds_done},
               {"rounds", job.rounds},
               {"sites_accepted", job.sites_accepted},
               {"sites_wanted", job.sites_wanted},
               {"reported", job.reported},
               {"pending", job.pending},
               {"participants", job.participants},
               {"history", std::move(rounds)}};
  if (const auto& privacy = job.manifest->spec.privacy) {
    json["privacy"] = {{"unit", ToString(privacy->unit)},
                       {"mechanism", WordOf(privacy->mechanism, kPrivacyMechanismWords)},
                       {"clip", privacy->clip},
                       {"noise_multiplier", privacy->noise_multiplier}};
  }
  if (job.pause.has_value()) {
    json["reason_id"] = job.pause->reason_id;
    json["reason"] = ToString(ErrorId{job.pause->reason_id}) + " " + job.pause->reason;
  }
  if (job.end.has_value()) {
    json["outcome"] = kOutcomes[static_cast<int>(job.end->outcome)];
    json["reason_id"] = job.end->reason_id;
    json["reason"] = job.end->reason;
  }
  return json;
}

// Of all jobs that this aggregator adds noise for.
Json BudgetJson(const CentralBudget& budget) {
  const auto spent = budget.Spent();
  if (!spent.ok()) return nullptr;
  return {{"clients", budget.terms()->clients},
          {"spent", spent->epsilon},
          {"cap", budget.terms()->domain.cap.epsilon},
          {"delta", spent->delta.value()}};
}

std::string OkText(const std::string& data) { return "{\"status\":\"ok\",\"data\":" + data + "}"; }

std::string ErrorText(const Status& status) {
  return AnswerText({{"status", "error"},
                     {"error",
                      {{"id", ToString(status.id())},
                       {"what", status.what()},
                       {"why", status.why()},
                       {"mend", status.mend()}}}});
}

}  // namespace

std::string AdminApi::Describe(const AggregatorDriver::JobStatus& job) const {
  Json json = StatusJson(job);
  const auto& privacy = job.manifest->spec.privacy;
  if (privacy && privacy->mechanism == PrivacyTerms::Mechanism::kCentral)
    json["privacy"]["budget"] = BudgetJson(driver_.budget());
  if (const std::string run = run_of_ ? run_of_(job.id) : std::string(); !run.empty()) json["run"] = run;
  return AnswerText(json);
}

AdminApi::AdminApi(AggregatorDriver& driver) : driver_(driver) {
  Add("job.submit", [this](const Request& request) { return Submit(request); });
  Add("job.ls", [this](const Request& request) { return List(request); });
  Add("job.show", [this](const Request& request) { return Show(request); });
  Add("round.inspect", [this](const Request& request) { return InspectRounds(request); });
  Add("job.stop", [this](const Request& request) { return Stop(request); });
  Add("job.resume", [this](const Request& request) { return Resume(request); });
  driver_.OnChange([this](JobId job) { TellWatchers(job); });
}

void AdminApi::Handle(const LocalPeer& peer, LocalMessage message, std::unique_ptr<LocalAnswer> answer) {
  const Request request{std::move(message.text), std::move(message.attachment),
                        "uid " + std::to_string(peer.uid)};
  const Json json = Json::parse(request.text, nullptr, false);
  if (!json.is_object() || !json.value("verb", Json()).is_string()) {
    answer->Send(
        {ErrorText(Status(errors::kNetProtocol, "the request is not a JSON object with a verb")), {}});
    return;
  }
  const std::string verb = json["verb"];
  if (verb == "job.watch") return Watch(request, std::move(answer));
  const auto handler = verbs_.find(verb);
  if (handler == verbs_.end()) {
    answer->Send(
        {ErrorText(Status(errors::kUsage, "the aggregator does not know the verb '" + verb + "'")), {}});
    return;
  }
  const Result<std::string> data = handler->second(request);
  answer->Send({data.ok() ? OkText(*data) : ErrorText(data.status()), {}});
}

namespace {

// The model's file says how many logits it gives; what they mean follows from the loss.
Result<std::uint32_t> ClassesOf(const SafetensorsView& view, Loss loss) {
  const auto found = view.metadata.find("cairn.outputs");
  std::uint32_t outputs = 0;
  if (found != view.metadata.end()) {
    const std::string& text = found->second;
    std::from_chars(text.data(), text.data() + text.size(), outputs);
  }
  if (outputs == 0 || outputs > kMaxClasses) {
    return Status(errors::kModelData,
                  "the first model does not say how many classes it tells apart, or more than " +
                      std::to_string(kMaxClasses))
        .Mend("make it with `cairn model init`, which `cairn job submit` does by itself");
  }
  return loss == Loss::kBce ? 2 : outputs;
}

}  // namespace

Result<std::string> AdminApi::Submit(const Request& request) {
  const Json json = Json::parse(request.text, nullptr, false);
  const Json job_toml = json.value("job", Json()), schema = json.value("schema", Json(""));
  if (!job_toml.is_string() || !schema.is_string())
    return Status(errors::kNetProtocol, "job.submit needs job and schema");
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument document,
                         ConfigDocument::Parse(job_toml.get<std::string>(), "job"));
  ConfigReader root(document);
  JobFile file = ParseJobSpec(root);
  CAIRN_RETURN_IF_ERROR(root.Finish());

  CAIRN_ASSIGN_OR_RETURN(const SafetensorsView view,
                         ParseSafetensors(std::as_bytes(std::span(request.attachment.view()))));
  CAIRN_ASSIGN_OR_RETURN(const ParameterSpec spec, SpecOfSafetensors(view));
  ParameterSet initial(spec);
  CAIRN_RETURN_IF_ERROR(LoadSafetensors(view, initial));

  JobManifest manifest;
  manifest.spec = std::move(file.spec);
  manifest.spec.data.schema_toml = schema.get<std::string>();
  CAIRN_ASSIGN_OR_RETURN(manifest.classes, ClassesOf(view, manifest.spec.train.loss));
  manifest.submitter = request.actor;
  manifest.tensors = spec.tensors();
  CAIRN_ASSIGN_OR_RETURN(const JobId id, driver_.Submit(std::move(manifest), std::move(initial)));
  for (const auto& status : driver_.Jobs()) {
    if (status.id == id) return Describe(status);
  }
  return Status(errors::kInternal, "a job vanished as it was accepted");
}

Result<std::string> AdminApi::List(const Request&) const {
  Json jobs = Json::array();
  for (const auto& job : driver_.Jobs()) jobs.push_back(StatusJson(job));
  return AnswerText({{"jobs", std::move(jobs)}, {"connected", driver_.ConnectedSites()}});
}

// By id ("j-3", "3") or name; of several jobs of one name the newest.
Result<AggregatorDriver::JobStatus> AdminApi::Find(const Request& request) const {
  const Json json = Json::parse(request.text, nullptr, false);
  const Json wanted = json.value("id", Json());
  if (!wanted.is_string()) return Status(errors::kNetProtocol, "the request names no job");
  const std::string text = wanted.get<std::string>();
  std::vector<AggregatorDriver::JobStatus> jobs = driver_.Jobs();
  std::ranges::reverse(jobs);
  for (auto& job : jobs) {
    const std::string number = std::to_string(job.id.value);
    if (text == number || text == "j-" + number || text == job.name) return std::move(job);
  }
  return Status(errors::kJobUnknown, "no job '" + text + "'");
}

Result<std::string> AdminApi::Show(const Request& request) const {
  CAIRN_ASSIGN_OR_RETURN(const AggregatorDriver::JobStatus job, Find(request));
  Json json = Json::parse(Describe(job));
  json["job"] = JobToml(job.manifest->spec, "");
  return AnswerText(json);
}

Result<std::string> AdminApi::InspectRounds(const Request& request) const {
  CAIRN_ASSIGN_OR_RETURN(const AggregatorDriver::JobStatus job, Find(request));
  CAIRN_ASSIGN_OR_RETURN(const std::vector<Record> records, driver_.RecordsOf(job.id));
  return HoldingsJson(*job.manifest, job.participants, records);
}

Result<std::string> AdminApi::Stop(const Request& request) {
  CAIRN_ASSIGN_OR_RETURN(const AggregatorDriver::JobStatus job, Find(request));
  const Json json = Json::parse(request.text, nullptr, false);
  const bool now = json.value("now", Json(false)) == Json(true);
  CAIRN_RETURN_IF_ERROR(driver_.StopJob(job.id, now, request.actor));
  return AnswerText({{"id", "j-" + std::to_string(job.id.value)}});
}

Result<std::string> AdminApi::Resume(const Request& request) {
  CAIRN_ASSIGN_OR_RETURN(const AggregatorDriver::JobStatus job, Find(request));
  CAIRN_RETURN_IF_ERROR(driver_.ResumeJob(job.id, request.actor));
  return AnswerText({{"id", "j-" + std::to_string(job.id.value)}});
}

void AdminApi::Watch(const Request& request, std::unique_ptr<LocalAnswer> answer) {
  const auto job = Find(request);
  if (!job.ok()) {
    answer->Send({ErrorText(job.status()), {}});
    return;
  }
  watchers_.push_back({job->id, std::move(answer), {}});
  TellWatchers(job->id);
}

// A watcher that hung up, or whose job has ended, is let go.
void AdminApi::TellWatchers(JobId id) {
  if (std::ranges::none_of(watchers_, [&](const Watcher& watcher) { return watcher.job == id; })) return;
  const auto jobs = driver_.Jobs();
  const auto job = std::ranges::find(jobs, id, &AggregatorDriver::JobStatus::id);
  if (job == jobs.end()) return;
  const std::string text = OkText(Describe(*job));
  const bool ended = job->end.has_value();
  std::erase_if(watchers_, [&](Watcher& watcher) {
    if (watcher.job != id) return false;
    if (watcher.last == text) return ended;
    watcher.last = text;
    return !watcher.answer->Send({text, {}}) || ended;
  });
}

}  // namespace cairn
