#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/server/admin_api.h"
#include "aggregator/server/enrolment_desk.h"

// What `cairn invite` and `cairn site` ask of the enrolment desk, as JSON:
//
//   invite.new    {name, role, ttl_seconds}   → {name, role, invite, expires}
//   site.ls       {}                          → {federation, roster_version, sites: [{name, role, state,
//   words,
//                                                invite_expires, connected}]}
//   site.approve  {name, words}               → {name, roster_version, active_sites, certificate_until}
//   site.revoke   {name}                      → {name, roster_version}
//
// Times are seconds since 1970. The attachment of the last two is the root key's passphrase, if it has one.

namespace cairn {

using ConnectedSites = std::function<std::vector<std::string>()>;

// Answers one verb; a command uses this where no daemon runs. The text of "data".
Result<std::string> AnswerEnrolmentVerb(EnrolmentDesk& desk, std::string_view verb,
                                        const AdminApi::Request& request, const ConnectedSites& connected);

// Registers the verbs with a running aggregator. Desk and api live equally long.
void AddEnrolmentVerbs(AdminApi& api, EnrolmentDesk& desk, ConnectedSites connected);

}  // namespace cairn
