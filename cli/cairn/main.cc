// The front program: holds keys and speaks to the network, and never loads model code.
#include "cli/cairn/commands.h"
#include "cli/frame/command.h"
#include "core/runtime/child/launcher.h"

int main(int argc, char** argv) {
  // An agent's launcher of workers is this program once more, before any thread or key exists.
  if (const auto launcher = cairn::MaybeRunLauncher(argc, argv)) return *launcher;
  cairn::CommandSet commands("cairn", "Cairn: learn together, keep the data at home.");
  // A new noun is one file commands_NOUN.cc, one line in commands.h and one line here.
  cairn::AddBasicCommands(commands);
  cairn::AddConfigCommands(commands);
  cairn::AddDoctorCommand(commands, cairn::MachineChecks());
  cairn::AddRunsCommands(commands);
  cairn::AddWorkerCommands(commands);
  cairn::AddCaCommands(commands);
  cairn::AddAggregatorInitCommand(commands);
  cairn::AddInviteCommands(commands);
  cairn::AddSiteCommands(commands);
  cairn::AddClientJoinCommand(commands);
  cairn::AddServeCommand(commands);
  cairn::AddJobCommands(commands);
  cairn::AddRoundCommands(commands);
  cairn::AddPrivacyCommands(commands);
  cairn::AddClientCommands(commands);
  cairn::AddEvidenceCommand(commands);
  cairn::AddDemoCommand(commands);
  return cairn::RunCommandLine(commands, argc, argv);
}
