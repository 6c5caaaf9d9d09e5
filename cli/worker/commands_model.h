#pragma once

#include "cli/frame/command.h"

// The verbs of `cairn model`, as AddModelCommands puts them together.

namespace cairn {

void AddModelInit(CommandSet& commands);     // commands_model_init.cc
void AddModelInspect(CommandSet& commands);  // commands_model_file.cc
void AddModelExport(CommandSet& commands);
void AddModelCheck(CommandSet& commands);  // commands_model_run.cc
void AddModelEval(CommandSet& commands);

}  // namespace cairn
