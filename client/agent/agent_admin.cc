#include "client/agent/agent_admin.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "client/agent/file_agent_storage.h"
#include "core/base/text.h"
#include "protocol/messages/job_words.h"
#include "protocol/messages/readable.h"

namespace cairn {
namespace {

using Json = nlohmann::ordered_json;
using Verb = AdminRequest::Verb;

constexpr std::size_t kMaxRequestBytes = 64 << 10;
constexpr std::size_t kShortestDigest = 6;
constexpr int kSchema = 1;

constexpr std::array<std::pair<std::string_view, Verb>, 5> kVerbs = {{{"status", Verb::kStatus},
                                                                      {"jobs", Verb::kJobs},
                                                                      {"approve", Verb::kApprove},
                                                                      {"deny", Verb::kDeny},
                                                                      {"withdraw", Verb::kWithdraw}}};

std::string_view NameOf(AgentState state) {
  switch (state) {
    case AgentState::kIdle:
      return "idle";
    case AgentState::kOpening:
      return "connecting";
    case AgentState::kGreeting:
      return "greeting";
    case AgentState::kConnected:
      return "connected";
    case AgentState::kClosing:
      return "closing";
    case AgentState::kWaiting:
      return "waiting to retry";
    case AgentState::kBlocked:
      return "blocked";
    case AgentState::kStopped:
      return "stopped";
  }
  return "unknown";
}

std::string_view NameOf(JobAnswer answer) {
  switch (answer) {
    case JobAnswer::kAccept:
      return "accepted";
    case JobAnswer::kDecline:
      return "declined";
    case JobAnswer::kPending:
      return "asks for approval";
  }
  return "unknown";
}

// Text from outside may hold bytes that are no UTF-8; those become U+FFFD.
std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json ErrorJson(const Status& status) {
  return {
      {"id", ToString(status.id())}, {"what", status.what()}, {"why", status.why()}, {"mend", status.mend()}};
}

// +∞ has no JSON number.
Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

// What the people of this site would pay, told before anybody consents.
Json JobPrivacyJson(const JobManifest& manifest, const PrivacyDesk* desk) {
  const PrivacyTerms& terms = *manifest.spec.privacy;
  Json json = {{"unit", ToString(terms.unit)},
               {"mechanism", WordOf(terms.mechanism, kPrivacyMechanismWords)},
               {"clip", terms.clip},
               {"noise_multiplier", terms.noise_multiplier}};
  if (desk == nullptr) return json;
  const auto cost = desk->CostOf(manifest);
  if (!cost.ok()) {
    json["refused"] = ErrorJson(cost.status());
    return json;
  }
  json["domain"] = cost->domain;
  json["epsilon"] = Number(cost->alone.epsilon);
  json["epsilon_after"] = Number(cost->after.epsilon);
  json["cap"] = Number(cost->cap.epsilon);
  json["delta"] = cost->cap.delta.value();
  json["rounds_left"] = cost->rounds_left;
  return json;
}

Json DomainJson(const PrivacyDomain& domain, const PrivacyDesk& desk) {
  Json json = {{"domain", domain.name},
               {"datasets", domain.datasets},
               {"unit", ToString(domain.terms.convention.unit)},
               {"population", domain.population},
               {"cap", Number(domain.terms.cap.epsilon)},
               {"delta", domain.terms.cap.delta.value()}};
  const auto spent = desk.Spent(domain.name);
  json["spent"] = spent.ok() ? Number(spent->epsilon) : Json(nullptr);
  return json;
}

Json PrivacyJson(const PrivacyDesk& desk) {
  Json domains = Json::array();
  for (const PrivacyDomain& domain : desk.domains()) domains.push_back(DomainJson(domain, desk));
  Json json = {{"domains", std::move(domains)}};
  if (!desk.fault().ok()) json["fault"] = ErrorJson(desk.fault());
  json["ledger_head"] = {{"sequence", desk.head().sequence}, {"hash", desk.head().hash.hex()}};
  return json;
}

Json JobJson(const ClientAgent::Job& job, const PrivacyDesk* desk) {
  Json json = {{"id", std::to_string(job.id.value)}, {"answer", NameOf(job.answer)}};
  if (job.reason.value != 0) json["reason"] = ToString(job.reason);
  json["holds_report"] = job.held != nullptr;
  if (job.offered == nullptr) return json;
  const JobManifest& manifest = *job.offered->manifest;
  const JobSpec& spec = manifest.spec;
  const UpdateLayout& layout = job.offered->layout;
  json["name"] = spec.name;
  json["digest"] = manifest.digest;
  json["submitter"] = manifest.submitter;
  json["federation"] = manifest.federation;
  json["dataset"] = spec.data.dataset;
  json["model"] = spec.model.arch;
  json["rounds"] = spec.strategy.rounds;
  json["numbers_a_round"] = layout.floats() + layout.counters;
  json["bytes_a_round"] = job.offered->upload_bytes();
  json["smallest_cohort"] = SmallestCohort(spec);
  json["masked"] = job.offered->is_masked();
  if (spec.privacy) json["privacy"] = JobPrivacyJson(manifest, desk);
  json["readable"] = ReadableWords(spec);
  return json;
}

Json JobsJson(std::span<const ClientAgent::Job> jobs, const PrivacyDesk* desk) {
  Json list = Json::array();
  for (const ClientAgent::Job& job : jobs) list.push_back(JobJson(job, desk));
  return list;
}

Json KeyJson(const RoundKey& key) {
  return {{"job", std::to_string(key.job.value)}, {"round", key.round.value}, {"attempt", key.attempt}};
}

Json LeftJson(const std::vector<JournalEntry>& entries) {
  std::uint64_t bytes = 0;
  Json objects = Json::array();
  for (const JournalEntry& entry : entries) {
    const auto& egress = std::get<EgressEntry>(entry.body);
    bytes += egress.bytes;
    Json object = KeyJson(egress.key);
    object["time"] = FormatUtc(entry.time);
    object["kind"] = egress.kind == RoundKind::kTrain ? "update" : "metrics";
    object["bytes"] = egress.bytes;
    object["sha256"] = egress.object.hex();
    object["masked"] = egress.is_masked;
    object["destination"] = egress.destination;
    objects.push_back(std::move(object));
  }
  return {{"objects", entries.size()}, {"bytes", bytes}, {"raw_records", 0}, {"list", std::move(objects)}};
}

Json StoppedJson(const StoppedJob& stopped, const std::filesystem::path& state_dir) {
  Json json = KeyJson(stopped.key);
  json["digest"] = stopped.digest;
  json["evidence"] = nullptr;  // too many were kept already
  if (stopped.evidence.size == 0) return json;
  json["evidence"] = FileAgentStorage::EvidencePath(state_dir / "agent", stopped.key).string();
  json["sha256"] = stopped.evidence.hex();
  return json;
}

bool IsMeant(const ClientAgent::Job& job, const std::string& text) {
  if (job.offered == nullptr) return false;
  const JobManifest& manifest = *job.offered->manifest;
  if (text == std::to_string(job.id.value) || text == manifest.spec.name) return true;
  return text.size() >= kShortestDigest && manifest.digest.starts_with(text);
}

}  // namespace

Result<AdminRequest> ParseAdminRequest(const std::string& text) {
  if (text.size() > kMaxRequestBytes) return Status(errors::kUsage, "the request is larger than 64 KiB");
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Status(errors::kUsage, "the request is not a JSON object");
  const auto field = [&](const char* name) -> std::string {
    const auto it = json.find(name);
    return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  const std::string command = field("command");
  for (const auto& [name, verb] : kVerbs) {
    if (name != command) continue;
    AdminRequest request{verb, field("job")};
    const bool needs_job = verb != Verb::kStatus && verb != Verb::kJobs;
    if (needs_job && request.job.empty()) return Status(errors::kUsage, "'" + command + "' needs a job");
    return request;
  }
  return Status(errors::kUsage, "unknown command '" + EscapeControls(command) + "'");
}

std::string AdminAnswer(const std::string& data_json) {
  return "{\"status\":\"ok\",\"data\":" + data_json + "}";
}

std::string AdminError(const Status& status) {
  return Dump({{"status", "error"}, {"error", ErrorJson(status)}});
}

ApprovalDecision DecisionOf(Verb verb) {
  switch (verb) {
    case Verb::kApprove:
      return ApprovalDecision::kApproved;
    case Verb::kWithdraw:
      return ApprovalDecision::kWithdrawn;
    case Verb::kDeny:
    case Verb::kStatus:
    case Verb::kJobs:
      break;
  }
  return ApprovalDecision::kDenied;
}

Result<std::string> FindDigest(std::span<const ClientAgent::Job> jobs, const std::string& text) {
  const ClientAgent::Job* found = nullptr;
  for (const ClientAgent::Job& job : jobs) {
    if (!IsMeant(job, text)) continue;
    if (found != nullptr)
      return Status(errors::kJobUnknown, "more than one job is called '" + EscapeControls(text) + "'");
    found = &job;
  }
  if (found == nullptr)
    return Status(errors::kJobUnknown, "no job '" + EscapeControls(text) + "' was offered to this site");
  return found->offered->manifest->digest;
}

std::string DescribeJobs(std::span<const ClientAgent::Job> jobs, const PrivacyDesk* privacy) {
  return Dump({{"jobs", JobsJson(jobs, privacy)}});
}

std::string DescribeStatus(const AgentStatusView& view) {
  const ClientAgent& agent = view.agent;
  Json json = {{"schema_version", kSchema},
               {"time", FormatUtc(view.now)},
               {"site", view.config.site},
               {"federation", view.config.federation},
               {"aggregator", view.config.aggregator_address},
               {"state", NameOf(agent.state())}};
  json["last_contact"] = view.last_contact.has_value() ? Json(FormatUtc(*view.last_contact)) : Json(nullptr);
  if (!agent.blocked_by().ok()) json["blocked_by"] = ErrorJson(agent.blocked_by());
  json["work"] = nullptr;
  if (agent.is_working()) {
    json["work"] = KeyJson(agent.working_on());
    json["work"]["steps"] = agent.steps_done();
  }
  json["left_today"] = LeftJson(view.left_today);
  json["jobs"] = JobsJson(agent.jobs(), view.privacy);
  if (!view.stopped.empty()) {
    Json& list = json["contradictions"] = Json::array();
    for (const StoppedJob& stopped : view.stopped)
      list.push_back(StoppedJson(stopped, view.config.state_dir));
  }
  if (view.privacy != nullptr && !view.privacy->domains().empty())
    json["privacy"] = PrivacyJson(*view.privacy);
  return Dump(json);
}

}  // namespace cairn
