#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "cli/cairn/commands.h"
#include "cli/cairn/desk_call.h"
#include "cli/cairn/passphrase.h"
#include "cli/cairn/tick.h"
#include "cli/frame/prompt.h"
#include "core/base/text.h"

namespace cairn {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string name, words, dir, passphrase_file, reason;
  bool yes = false;
};

std::string Padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

Status List(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const AggregatorFileConfig config, LoadAggregatorConfig(options.dir));
  CAIRN_ASSIGN_OR_RETURN(const Json data, DeskCall(config, {{"verb", "site.ls"}}));
  out.PrintLine("NAME                  ROLE        STATE      CONNECTED  WORDS");
  std::string waiting;
  for (const Json& site : data.at("sites")) {
    const std::string name = site.at("name"), state = site.at("state");
    if (state == "waiting") waiting = name;
    out.PrintLine(Padded(name, 22) + Padded(site.at("role"), 12) + Padded(state, 11) +
                  Padded(site.at("connected").get<bool>() ? "yes" : "-", 11) + site.value("words", ""));
  }
  out.Data(JsonObject()
               .Add("federation", data.at("federation").get<std::string>())
               .Add("roster_version", data.at("roster_version").get<std::uint64_t>())
               .AddRaw("sites", data.at("sites").dump()));
  out.Next(waiting.empty() ? "cairn invite new NAME" : "cairn site approve " + waiting);
  return {};
}

// Asks for the root key's passphrase only when it turns out to have one.
Result<Json> CallRoot(const AggregatorFileConfig& config, const Json& request, const Options& options,
                      CommandOutput& out) {
  SecretBytes passphrase;
  if (!options.passphrase_file.empty()) {
    CAIRN_ASSIGN_OR_RETURN(passphrase, ReadPassphraseFile(options.passphrase_file));
  }
  Result<Json> answer = DeskCall(config, request, passphrase);
  const Status& fault = answer.status();
  const bool wants_passphrase = !answer.ok() && fault.id() == errors::kKeyFile &&
                                options.passphrase_file.empty() &&
                                fault.what().find("passphrase") != std::string::npos;
  if (!wants_passphrase) return answer;
  CAIRN_ASSIGN_OR_RETURN(passphrase,
                         AskPassphrase(out, "passphrase of the root key", "--passphrase-file FILE"));
  return DeskCall(config, request, passphrase);
}

// What the desk holds of that name, or null.
Result<Json> Find(const AggregatorFileConfig& config, const std::string& name) {
  CAIRN_ASSIGN_OR_RETURN(const Json data, DeskCall(config, {{"verb", "site.ls"}}));
  for (const Json& site : data.at("sites")) {
    if (site.at("name") == name) return site;
  }
  return Json();
}

Status Approve(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const AggregatorFileConfig config, LoadAggregatorConfig(options.dir));
  CAIRN_ASSIGN_OR_RETURN(const Json site, Find(config, options.name));
  if (site.is_object() && site.at("state") == "waiting") {
    out.Note(options.name + " asks to join · words: " + site.value("words", ""));
    if (options.words.empty() && !options.yes) {
      CAIRN_RETURN_IF_ERROR(Confirm(out, "Does " + options.name + " read the same five words to you?",
                                    "--words \"…\", or --yes where both ends are yours"));
    }
  }
  const Json request = {{"verb", "site.approve"}, {"name", options.name}, {"words", options.words}};
  CAIRN_ASSIGN_OR_RETURN(const Json data, CallRoot(config, request, options, out));
  const auto version = data.at("roster_version").get<std::uint64_t>();
  const auto active = data.at("active_sites").get<std::uint64_t>();
  const std::chrono::sys_seconds until{
      std::chrono::seconds(data.at("certificate_until").get<std::int64_t>())};
  out.PrintLine(Tick(out.terminal()) + options.name + " is a member · roster " + std::to_string(version) +
                " signed by root · " + std::to_string(active) +
                (active == 1 ? " active site" : " active sites") + " · certificate until " +
                FormatUtc(until).substr(0, 10));
  out.Data(JsonObject().Add("name", options.name).Add("roster_version", version).Add("active_sites", active));
  out.Next("cairn job submit job.toml");
  return {};
}

Status Revoke(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const AggregatorFileConfig config, LoadAggregatorConfig(options.dir));
  if (!options.yes) {
    CAIRN_RETURN_IF_ERROR(Confirm(
        out,
        "Take " + options.name + " off the roster? It cannot be undone; a new invite is needed to return."));
  }
  const Json request = {{"verb", "site.revoke"}, {"name", options.name}, {"reason", options.reason}};
  CAIRN_ASSIGN_OR_RETURN(const Json data, CallRoot(config, request, options, out));
  const auto version = data.at("roster_version").get<std::uint64_t>();
  out.PrintLine(Tick(out.terminal()) + options.name + " is out · roster " + std::to_string(version));
  out.Data(
      JsonObject().Add("name", options.name).Add("roster_version", version).Add("reason", options.reason));
  out.Next("cairn site ls");
  return {};
}

}  // namespace

void AddSiteCommands(CommandSet& commands) {
  commands.Group("site", "Members of the federation: who asks, who is in, who is out");
  auto options = std::make_shared<Options>();
  const Flag dir{"--dir", "DIR", "the aggregator's folder", &options->dir};
  const Flag passphrase{"--passphrase-file", "FILE", "the root key's passphrase; mode 0600",
                        &options->passphrase_file};
  commands.Add("site ls", "Lists members, invites and who waits for approval")
      .Has(dir)
      .Run([options](CommandOutput& out) { return List(*options, out); });
  commands.Add("site approve", "Lets a site in that waits, once its five words are the same at both ends")
      .Takes({"NAME", "who waits", &options->name})
      .Has({"--words", "WORDS", "the five words that the site reads to you", &options->words})
      .Has({"--yes", "", "do not ask; for where both ends are yours", &options->yes})
      .Has(passphrase)
      .Has(dir)
      .Example("cairn site approve site-a --words \"balo kemi tura sone mifa\"")
      .Run([options](CommandOutput& out) { return Approve(*options, out); });
  commands.Add("site revoke", "Takes a member off the roster, or an invite back")
      .Takes({"NAME", "who", &options->name})
      .Has({"--reason", "TEXT", "why, for the record", &options->reason})
      .Has({"--yes", "", "do not ask", &options->yes})
      .Has(passphrase)
      .Has(dir)
      .Run([options](CommandOutput& out) { return Revoke(*options, out); });
}

}  // namespace cairn
