#include <algorithm>
#include <memory>

#include "cli/cairn/commands.h"

namespace cairn {
namespace {

using Verdict = CheckLine::Verdict;

std::string Mark(Verdict verdict, const Terminal& terminal) {
  switch (verdict) {
    case Verdict::kGood:
      return terminal.Green(terminal.unicode ? "✓" : "ok");
    case Verdict::kWarning:
      return terminal.Yellow(terminal.unicode ? "!" : "! ");
    case Verdict::kBad:
      return terminal.Red(terminal.unicode ? "✗" : "x ");
  }
  return "";
}

std::string_view Word(Verdict verdict) {
  return verdict == Verdict::kGood ? "good" : verdict == Verdict::kWarning ? "warning" : "bad";
}

Status Diagnose(const std::string& part, const std::vector<DoctorCheck>& checks, CommandOutput& out) {
  JsonArray lines;
  std::string first_mend;
  for (const DoctorCheck& check : checks) {
    const bool wanted =
        part.empty() || check.parts.empty() || std::ranges::find(check.parts, part) != check.parts.end();
    if (!wanted) continue;
    for (const CheckLine& line : check.run()) {
      const std::string pad(line.name.size() < 10 ? 10 - line.name.size() : 1, ' ');
      out.PrintLine(Mark(line.verdict, out.terminal()) + " " + line.name + pad + line.evidence);
      if (!line.mend.empty()) out.PrintLine("    mend: " + line.mend);
      lines.Add(JsonObject()
                    .Add("verdict", Word(line.verdict))
                    .Add("check", line.name)
                    .Add("evidence", line.evidence)
                    .Add("mend", line.mend));
      if (line.verdict == Verdict::kBad) {
        out.ExitWith(ExitCode::kRunFailed);
        if (first_mend.empty()) first_mend = line.mend;
      }
    }
  }
  out.Data(JsonObject().Add("checks", lines));
  if (!first_mend.empty()) out.Next(first_mend);
  return {};
}

}  // namespace

void AddDoctorCommand(CommandSet& commands, std::vector<DoctorCheck> checks) {
  auto part = std::make_shared<std::string>();
  commands.Add("doctor", "Looks for what would go wrong here, and says how to mend it")
      .Takes({"PART",
              "sim, client or aggregator; all when absent",
              part.get(),
              false,
              {"sim", "client", "aggregator"}})
      .Run([part, checks = std::move(checks)](CommandOutput& out) { return Diagnose(*part, checks, out); });
}

}  // namespace cairn
