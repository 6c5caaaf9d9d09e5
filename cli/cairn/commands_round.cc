#include <memory>

#include "aggregator/server/aggregator_config.h"
#include "cli/cairn/admin_call.h"
#include "cli/cairn/commands.h"
#include "cli/cairn/desk_call.h"

namespace cairn {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string dir, id, round;
};

std::string Names(const Json& sites) {
  std::string text;
  for (const Json& site : sites) text += (text.empty() ? "" : ", ") + site.get<std::string>();
  return text.empty() ? "none" : text;
}

std::string Lost(const Json& lost) {
  constexpr std::pair<const char*, const char*> kPhases[] = {{"keys", "before its keys came"},
                                                             {"shares", "before its shares came"},
                                                             {"vector", "before its vector came"}};
  std::string text;
  for (const auto& [phase, words] : kPhases) {
    for (const Json& site : lost.value(phase, Json::array()))
      text += (text.empty() ? "" : "; ") + site.get<std::string>() + " " + words;
  }
  return text.empty() ? "nobody" : text;
}

void Groups(const Json& groups, CommandOutput& out) {
  for (const Json& group : groups) {
    const Json& survivors = group.at("survivors");
    std::string line = "  group " + std::to_string(group.at("group").get<std::uint32_t>()) + "     " +
                       Names(group.at("sites"));
    line += survivors.empty() ? "; not summed" : "; summed: " + Names(survivors);
    out.PrintLine(line);
  }
  out.PrintLine(
      "  in clear    the sum over each group's survivors; no update, weight, count or metric of one site");
}

void Masked(const Json& attempt, CommandOutput& out) {
  out.PrintLine("  lost        " + Lost(attempt.at("lost")));
  out.PrintLine("  holds       " + std::to_string(attempt.at("adverts").size()) +
                " adverts of public keys, shares of " + std::to_string(attempt.at("shares").size()) +
                " sites sealed for each other (it cannot open them)");
  for (const Json& vector : attempt.at("vectors")) {
    out.PrintLine("  summed      " + vector.at("site").get<std::string>() + "  masked vector " +
                  vector.at("sha256").get<std::string>().substr(0, 16) + "…, " +
                  std::to_string(vector.at("bytes").get<std::uint64_t>()) + " bytes");
  }
  if (attempt.contains("groups")) return Groups(attempt.at("groups"), out);
  out.PrintLine(
      "  in clear    the sum over the survivors alone; no update, weight, count or metric of one site");
}

void Tell(const Json& attempt, bool is_masked, CommandOutput& out) {
  out.PrintLine("round " + std::to_string(attempt.at("round").get<std::uint64_t>()) + ", attempt " +
                std::to_string(attempt.at("attempt").get<std::uint64_t>()) + ", " +
                attempt.at("kind").get<std::string>() + ": " + attempt.at("outcome").get<std::string>());
  out.PrintLine("  invited     " + Names(attempt.at("invited")));
  out.PrintLine("  survivors   " + Names(attempt.at("survivors")));
  if (is_masked) return Masked(attempt, out);
  out.PrintLine("  in clear    each site's update, weight and metrics: read, added up and let go");
}

Status Inspect(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const AggregatorFileConfig config, LoadAggregatorConfig(options.dir));
  CAIRN_ASSIGN_OR_RETURN(const Json data,
                         AdminCall(config.socket(), {{"verb", "round.inspect"}, {"id", options.id}}));
  const bool is_masked = data.at("masked");
  out.PrintLine(data.at("job").get<std::string>() +
                (is_masked ? ": secure aggregation, sums of " + std::to_string(data.at("bits").get<int>()) +
                                 " bits; " + data.at("noise").get<std::string>()
                           : ": plain, by consent of job and sites"));
  Json told = Json::array();
  for (const Json& attempt : data.at("attempts")) {
    if (!options.round.empty() && std::to_string(attempt.at("round").get<std::uint64_t>()) != options.round)
      continue;
    Tell(attempt, is_masked, out);
    told.push_back(attempt);
  }
  if (told.empty() && !options.round.empty()) {
    return Status(errors::kNotFound, "the job has no round " + options.round)
        .Mend("leave the round out to see all of them");
  }
  out.Data(JsonObject().Add("masked", is_masked).AddRaw("attempts", told.dump()));
  return {};
}

}  // namespace

void AddRoundCommands(CommandSet& commands) {
  commands.Group("round", "Rounds of a job");
  auto options = std::make_shared<Options>();
  commands.Add("round inspect", "Shows what the aggregator holds of each round, and what it cannot read")
      .Takes({"JOB", "id or name", &options->id})
      .Takes({"ROUND", "one round only", &options->round, false})
      .Has({"--dir", "DIR", "the aggregator's folder", &options->dir})
      .Example("cairn round inspect cardio-risk 3 --dir agg")
      .Run([options](CommandOutput& out) { return Inspect(*options, out); });
}

}  // namespace cairn
