// The front program: holds keys and speaks to the network, and never loads model code.
#include "cli/cairn/commands.h"
#include "cli/frame/command.h"

int main(int argc, char** argv) {
  cairn::CommandSet commands("cairn", "Cairn: learn together, keep the data at home.");
  // A new noun is one file commands_NOUN.cc, one line in commands.h and one line here.
  cairn::AddBasicCommands(commands);
  cairn::AddConfigCommands(commands);
  cairn::AddDoctorCommand(commands, cairn::MachineChecks());
  cairn::AddRunsCommands(commands);
  cairn::AddWorkerCommands(commands);
  return cairn::RunCommandLine(commands, argc, argv);
}
