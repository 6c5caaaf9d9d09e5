#include <string_view>

#include "client/worker/worker_server.h"

namespace cairn {

Result<WorkerConfig> ParseWorkerArguments(std::span<const std::string> arguments) {
  WorkerConfig config;
  for (const std::string& argument : arguments) {
    if (argument == kWorkerSandboxRequired) {
      config.sandbox = SandboxMode::kRequired;
    } else if (argument == kWorkerSandboxBestEffort) {
      config.sandbox = SandboxMode::kBestEffort;
    } else if (argument.starts_with(kWorkerMustNotRead)) {
      config.must_not_read.emplace_back(argument.substr(std::string_view(kWorkerMustNotRead).size()));
    } else {
      return Status(errors::kUsage, "cairn-worker serve does not know '" + argument + "'")
          .Why("this command is run by cairn, never by hand")
          .Mend("use a cairn-worker of the same version as cairn");
    }
  }
  return config;
}

}  // namespace cairn
