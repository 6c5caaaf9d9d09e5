#include <chrono>
#include <memory>

#include "cli/cairn/commands.h"
#include "cli/cairn/desk_call.h"
#include "core/base/text.h"
#include "privacy/crypto/private_file.h"

namespace cairn {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string name, role = "site", dir, out_file;
  Duration ttl = std::chrono::hours(72);
};

std::string TimeText(const Json& seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds.get<std::int64_t>())};
  return FormatUtc(time).substr(0, 16) + "Z";
}

Status New(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const AggregatorFileConfig config, LoadAggregatorConfig(options.dir));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.ttl).count();
  CAIRN_ASSIGN_OR_RETURN(const Json data, DeskCall(config, {{"verb", "invite.new"},
                                                            {"name", options.name},
                                                            {"role", options.role},
                                                            {"ttl_seconds", seconds}}));
  const std::string line = data.at("invite"), until = TimeText(data.at("expires"));
  JsonObject result;
  result.Add("name", options.name).Add("role", options.role).Add("expires", until);
  if (options.out_file.empty()) {
    out.PrintLine(line);
    result.Add("invite", line);
  } else {
    CAIRN_RETURN_IF_ERROR(WritePrivateFile(options.out_file, SecretBytes::CopyOf(line + "\n")));
    out.PrintLine("wrote " + options.out_file);
    result.Add("file", options.out_file);
  }
  out.Note("for " + options.name + " · works once · until " + until + " · treat it like a password");
  out.Data(result);
  out.Next("cairn site approve " + options.name);
  return {};
}

}  // namespace

void AddInviteCommands(CommandSet& commands) {
  commands.Group("invite", "Invites: single-use lines that let a site ask to join");
  auto options = std::make_shared<Options>();
  commands.Add("invite new", "Makes an invite; hand it over on a way you trust")
      .Takes({"NAME", "what the newcomer will be called", &options->name})
      .Has({"--role",
            "ROLE",
            "what it will be",
            &options->role,
            {"site", "operator", "researcher", "auditor"}})
      .Has({"--ttl", "TIME", "how long it may be used", &options->ttl})
      .Has({"--out", "FILE", "write it there, mode 0600, instead of printing it", &options->out_file})
      .Has({"--dir", "DIR", "the aggregator's folder", &options->dir})
      .Example("cairn invite new site-a --out site-a.invite")
      .Run([options](CommandOutput& out) { return New(*options, out); });
}

}  // namespace cairn
