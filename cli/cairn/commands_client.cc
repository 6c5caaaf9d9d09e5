#include <cmath>
#include <cstdio>
#include <memory>

#include "cli/cairn/admin_call.h"
#include "cli/cairn/client_run.h"
#include "cli/cairn/commands.h"
#include "cli/cairn/places.h"
#include "client/agent/file_agent_storage.h"
#include "privacy/accounting/privacy_ledger.h"

namespace cairn {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string dir, job;
};

Result<ClientConfig> Load(const Options& options) { return LoadClientConfig(ClientFolder(options.dir)); }

Result<Json> Ask(const Options& options, const Json& request) {
  CAIRN_ASSIGN_OR_RETURN(const ClientConfig config, Load(options));
  return AdminCall(config.socket, request);
}

std::string Value(const Json& json, const char* key) {
  if (!json.contains(key) || json.at(key).is_null()) return "-";
  return json.at(key).is_string() ? json.at(key).get<std::string>() : json.at(key).dump();
}

// "3 objects, 1205176 bytes (3 masked) to agg:8443; 0 raw records"
std::string LeftToday(const Json& left) {
  std::size_t masked = 0;
  std::string destination = "nobody";
  for (const Json& entry : left.at("list")) {
    if (entry.at("masked").get<bool>()) ++masked;
    destination = entry.at("destination").get<std::string>();
  }
  return Value(left, "objects") + " objects, " + Value(left, "bytes") + " bytes (" + std::to_string(masked) +
         " masked) to " + destination + "; " + Value(left, "raw_records") + " raw records";
}

// "2.36"; an ε is a bound and is rounded up.
std::string Epsilon(const Json& json, const char* key) {
  if (!json.contains(key) || !json.at(key).is_number()) return "-";
  char text[48];
  std::snprintf(text, sizeof text, "%.2f", std::ceil(json.at(key).get<double>() * 100) / 100);
  return text;
}

// "privacy           patients  ε 1.91 of 4.00 at δ 1e-05  4000 patients, cardio"
void ShowBudgets(const Json& privacy, CommandOutput& out) {
  if (privacy.contains("fault")) {
    const Json& fault = privacy.at("fault");
    out.PrintLine("privacy           " + Value(fault, "id") + " " + Value(fault, "what") +
                  "; no private job is taken part in");
  }
  for (const Json& domain : privacy.at("domains")) {
    std::string datasets;
    for (const Json& name : domain.at("datasets"))
      datasets += (datasets.empty() ? "" : " ") + name.get<std::string>();
    char delta[32];
    std::snprintf(delta, sizeof delta, "%g", domain.at("delta").get<double>());
    out.PrintLine("privacy           " + Value(domain, "domain") + "  ε " + Epsilon(domain, "spent") +
                  " of " + Epsilon(domain, "cap") + " at δ " + delta + "  " + Value(domain, "population") +
                  (Value(domain, "unit") == "client" ? " clients, " : " patients, ") + datasets);
  }
}

// "stopped for good  job 3, round 2: the aggregator contradicted itself; evidence /…/3-2-1.evidence"
void ShowContradictions(const Json& list, CommandOutput& out) {
  for (const Json& stopped : list) {
    out.PrintLine("stopped for good  job " + Value(stopped, "job") + ", round " + Value(stopped, "round") +
                  ", attempt " + Value(stopped, "attempt") +
                  ": the aggregator contradicted itself; evidence " + Value(stopped, "evidence"));
  }
}

// Under a private job's line: what a yes would cost the people here.
void ShowJobCost(const Json& job, CommandOutput& out) {
  if (!job.contains("privacy")) return;
  const Json& privacy = job.at("privacy");
  if (!privacy.contains("epsilon")) {
    if (!privacy.contains("refused")) return;
    const Json& refused = privacy.at("refused");
    return out.PrintLine("       privacy: " + Value(refused, "id") + " " + Value(refused, "what"));
  }
  // Whose word the promise rests on is part of what is consented to.
  const bool is_central = Value(privacy, "mechanism") == "central";
  out.PrintLine("       privacy: " + Value(privacy, "unit") + ", " + Value(privacy, "mechanism") +
                (is_central ? " (the aggregator adds the noise, on its word)" : "") + "; costs ε " +
                Epsilon(privacy, "epsilon") + ", domain " + Value(privacy, "domain") + " comes to " +
                Epsilon(privacy, "epsilon_after") + " of " + Epsilon(privacy, "cap") + "; " +
                Value(privacy, "rounds_left") + " of " + Value(job, "rounds") + " rounds fit");
}

Status ShowStatus(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const Json data, Ask(options, {{"command", "status"}}));
  out.Data(JsonObject().AddRaw("status", data.dump()));
  for (const auto& [key, value] : data.items()) {
    if (value.is_structured()) continue;
    out.PrintLine(key + std::string(key.size() < 18 ? 18 - key.size() : 1, ' ') + Value(data, key.c_str()));
  }
  if (data.contains("left_today")) out.PrintLine("left today        " + LeftToday(data.at("left_today")));
  if (data.contains("contradictions")) ShowContradictions(data.at("contradictions"), out);
  if (data.contains("privacy")) ShowBudgets(data.at("privacy"), out);
  for (const Json& job : data.at("jobs")) {
    if (Value(job, "reason") == ToString(errors::kPrivacyBudget))
      out.PrintLine("privacy           job " + Value(job, "name") +
                    " goes on without this site: its cap is reached");
  }
  out.Next("cairn client jobs ls");
  return {};
}

Status ListJobs(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const Json data, Ask(options, {{"command", "jobs"}}));
  out.Data(JsonObject().AddRaw("jobs", data.at("jobs").dump()));
  out.PrintLine("ID     NAME                  DATA          ROUNDS  BYTES/ROUND  ANSWER   REASON");
  for (const Json& job : data.at("jobs")) {
    char line[256];
    std::snprintf(line, sizeof line, "%-6s %-21.21s %-13.13s %6s  %11s  %-8s %s", Value(job, "id").c_str(),
                  Value(job, "name").c_str(), Value(job, "dataset").c_str(), Value(job, "rounds").c_str(),
                  Value(job, "bytes_a_round").c_str(), Value(job, "answer").c_str(),
                  Value(job, "reason").c_str());
    out.PrintLine(line);
    if (Value(job, "reason") == ToString(errors::kSecAggContradiction))
      out.PrintLine("       stopped for good: the aggregator contradicted itself; see `cairn client status`");
    if (job.contains("readable")) out.PrintLine("       " + Value(job, "readable"));
    ShowJobCost(job, out);
  }
  return {};
}

Status Decide(const Options& options, const char* command, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const Json data, Ask(options, {{"command", command}, {"job", options.job}}));
  out.Data(JsonObject().AddRaw("job", data.dump()));
  out.PrintLine(options.job + ": " + command + " recorded in the audit log");
  out.Next("cairn client jobs ls");
  return {};
}

// As client.toml says it, and what it means.
std::pair<std::string, std::string> Words(SecAggPolicy policy) {
  switch (policy) {
    case SecAggPolicy::kRequired:
      return {"required", "updates leave masked, or not at all"};
    case SecAggPolicy::kGroupedOk:
      return {"grouped-ok", "updates leave masked; the aggregator may read the sum of this site's group"};
    case SecAggPolicy::kPlainOk:
    case SecAggPolicy::kUnchecked:
      break;
  }
  return {"plain-ok", "the aggregator may read this site's updates"};
}

Status ShowPolicy(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ClientConfig config, Load(options));
  const SitePolicy& policy = config.policy;
  const auto yes = [](bool value) { return value ? "yes" : "no"; };
  out.Data(JsonObject()
               .Add("approval", policy.approval == ApprovalMode::kAuto ? "auto" : "manual")
               .Add("secagg", Words(policy.secagg).first)
               .Add("min_cohort", policy.min_cohort)
               .Add("min_examples", policy.min_examples)
               .Add("share_site_metrics", policy.share_site_metrics));
  out.PrintLine(std::string("approval            ") + (policy.approval == ApprovalMode::kAuto
                                                           ? "auto"
                                                           : "manual: a person approves each manifest"));
  out.PrintLine(std::string("secagg              ") + Words(policy.secagg).first + ": " +
                Words(policy.secagg).second);
  out.PrintLine(std::string("sandbox             ") +
                (policy.sandbox == SandboxPolicy::kRequired ? "required" : "best-effort"));
  out.PrintLine("min_cohort          " + std::to_string(policy.min_cohort));
  out.PrintLine("min_examples        " + std::to_string(policy.min_examples));
  out.PrintLine("max upload a round  " + std::to_string(policy.max_upload_bytes_per_round) + " bytes");
  out.PrintLine(std::string("share_site_metrics  ") + yes(policy.share_site_metrics));
  for (const DatasetRule& rule : policy.datasets) {
    std::string line = "dataset " + rule.dataset + "  jobs";
    for (const std::string& job : rule.jobs) line += " " + job;
    if (rule.require_privacy) line += "  with differential privacy alone";
    out.PrintLine(line);
  }
  if (policy.datasets.empty()) out.PrintLine("no data set may be used by any job");
  return {};
}

// Both files are walked as they lie, while the agent may run: nothing is locked or changed.
Status VerifyAudit(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ClientConfig config, Load(options));
  JsonObject data;
  const auto tell = [&](const char* name, const LogHead& head) {
    const std::string hash = head.sequence == 0 ? "-" : head.hash.hex();
    out.PrintLine(std::string(name) + "  " + std::to_string(head.sequence) + " records  head " + hash);
    data.AddRaw(name, JsonObject().Add("records", head.sequence).Add("head", hash).text());
  };
  CAIRN_ASSIGN_OR_RETURN(const LogHead journal, FileAgentStorage::Verify(config.state_dir / "agent"));
  tell("journal", journal);
  CAIRN_ASSIGN_OR_RETURN(const LogHead ledger, PrivacyLedger::Verify(config.state_dir / kPrivacyLedgerFile));
  tell("ledger", ledger);
  out.Data(data);
  return {};
}

}  // namespace

void AddClientCommands(CommandSet& commands) {
  commands.Group("client", "A site's agent");
  const auto add = [&](const char* path, const char* about) -> std::pair<Command*, std::shared_ptr<Options>> {
    auto options = std::make_shared<Options>();
    Command& command = commands.Add(path, about);
    command.Has({"--dir", "DIR", "folder of client.toml", &options->dir});
    return {&command, options};
  };
  const auto [run, run_options] = add("client run", "Runs this site's agent until it is told to stop");
  run->Run([o = run_options](CommandOutput&) { return RunClient(ClientFolder(o->dir)); });
  const auto [status, status_options] = add("client status", "What the agent does now and what left today");
  status->Run([o = status_options](CommandOutput& out) { return ShowStatus(*o, out); });
  const auto [policy, policy_options] = add("client policy show", "The site's law, as client.toml says it");
  policy->Run([o = policy_options](CommandOutput& out) { return ShowPolicy(*o, out); });
  const auto [audit, audit_options] =
      add("client audit verify", "Checks that no record of this site was changed, removed or added");
  audit->Run([o = audit_options](CommandOutput& out) { return VerifyAudit(*o, out); });
  const auto [jobs, jobs_options] = add("client jobs ls", "Jobs offered to this site");
  jobs->Run([o = jobs_options](CommandOutput& out) { return ListJobs(*o, out); });
  for (const char* verb : {"approve", "deny", "withdraw"}) {
    const auto [decide, options] =
        add((std::string("client jobs ") + verb).c_str(), "Decides about one offered job");
    decide->Takes({"ID", "number, name or digest of the job", &options->job});
    decide->Run([o = options, verb](CommandOutput& out) { return Decide(*o, verb, out); });
  }
}

}  // namespace cairn
