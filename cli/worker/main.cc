// The worker: sees data and models, holds no keys. Under an agent it has no network and speaks to
// nobody but its two pipes (`cairn-worker serve`); otherwise it is a researcher's own tool.
#include <cstdio>
#include <string>
#include <vector>

#include "cli/frame/command.h"
#include "cli/worker/commands.h"
#include "cli/worker/one_blas_thread.h"
#include "cli/worker/serve.h"
#include "client/learning/torch/blas_speed.h"

int main(int argc, char** argv) {
  cairn::EnsureOneBlasThread(argv);
  if (argc > 1 && std::string(argv[1]) == "serve") {
    return cairn::ServeMain(std::vector<std::string>(argv + 2, argv + argc));
  }
  if (argc > 1 && std::string(argv[1]) == "blas-speed") {  // asked by `cairn doctor`
    std::printf("%.1f\n", cairn::BlasGigaflops());
    return 0;
  }
  // Its commands are reached as `cairn sim …`, `cairn data …`, `cairn model …`, and say so.
  cairn::CommandSet commands("cairn", "Simulation, data and models.");
  cairn::AddSimCommands(commands);
  cairn::AddDataCommands(commands);
  cairn::AddModelCommands(commands);
  return cairn::RunCommandLine(commands, argc, argv);
}
