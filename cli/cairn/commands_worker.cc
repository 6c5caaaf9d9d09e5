#include "cli/cairn/commands.h"
#include "cli/cairn/worker_program.h"

namespace cairn {
namespace {

Status Forward(CommandOutput&, std::vector<std::string> words) { return ExecWorker(words); }

}  // namespace

void AddWorkerCommands(CommandSet& commands) {
  commands.Forward({"sim", "Run experiments in the simulator", {"run"}, Forward});
  commands.Forward({"data", "Look at data sets before they are used", {"check", "partition"}, Forward});
  commands.Forward({"model",
                    "Make, check, evaluate and convert models",
                    {"init", "check", "inspect", "export", "eval"},
                    Forward});
}

}  // namespace cairn
