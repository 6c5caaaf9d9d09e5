#pragma once

#include "cli/frame/command.h"

namespace cairn {

// Each adds the commands of one noun; cli/frame/command.h shows how such a file looks.
void AddSimCommands(CommandSet& commands);    // sim run
void AddDataCommands(CommandSet& commands);   // data check, data partition
void AddModelCommands(CommandSet& commands);  // model init, check, inspect, export, eval

}  // namespace cairn
