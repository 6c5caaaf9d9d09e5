#pragma once

#include <vector>

#include "cli/cairn/doctor.h"
#include "cli/frame/command.h"

namespace cairn {

// Each adds the commands of one noun; cli/frame/command.h shows how such a file looks.
void AddBasicCommands(CommandSet& commands);   // version, explain, completion
void AddConfigCommands(CommandSet& commands);  // config show, check, schema, init
void AddDoctorCommand(CommandSet& commands, std::vector<DoctorCheck> checks);
void AddRunsCommands(CommandSet& commands);           // runs ls, show, compare, report
void AddWorkerCommands(CommandSet& commands);         // sim, data, model: run by cairn-worker
void AddCaCommands(CommandSet& commands);             // ca init
void AddAggregatorInitCommand(CommandSet& commands);  // aggregator init
void AddInviteCommands(CommandSet& commands);         // invite new
void AddSiteCommands(CommandSet& commands);           // site ls, approve, revoke
void AddClientJoinCommand(CommandSet& commands);      // client join
void AddServeCommand(CommandSet& commands);           // aggregator serve
void AddJobCommands(CommandSet& commands);            // job submit, ls, show, watch, stop, resume
void AddRoundCommands(CommandSet& commands);          // round inspect
void AddPrivacyCommands(CommandSet& commands);        // privacy plan
void AddClientCommands(CommandSet& commands);         // client run, status, policy, jobs
void AddEvidenceCommand(CommandSet& commands);        // client audit evidence
void AddDemoCommand(CommandSet& commands);            // demo

}  // namespace cairn
