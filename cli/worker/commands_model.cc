#include "cli/worker/commands_model.h"

#include "cli/worker/commands.h"

namespace cairn {

void AddModelCommands(CommandSet& commands) {
  commands.Group("model", "Make, check, evaluate and convert models");
  AddModelInit(commands);
  AddModelInspect(commands);
  AddModelCheck(commands);
  AddModelExport(commands);
  AddModelEval(commands);
}

}  // namespace cairn
