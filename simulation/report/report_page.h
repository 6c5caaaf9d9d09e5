#pragma once

#include <string>

#include "simulation/report/run_record.h"

namespace cairn {

// report.html: one file that needs nothing else, no script and no network. Headline numbers, plots of
// loss, metric and bytes by round, the rounds, the clients with the histograms of their labels, and the
// configuration; light, dark and print styles; readable at 360 px. Equal runs give equal pages: it
// shows no time of day. Everything that came from a file is escaped.
//
// `reload_seconds` above 0 makes the page fetch itself anew, for a run that is still going.
std::string RenderReport(const RunRecord& record, int reload_seconds = 0);

}  // namespace cairn
