#pragma once

namespace cairn {

// LibTorch's BLAS reads its number of threads while it is loaded, before main, and with more than one
// the lanes of a simulation fight over the cores. `cairn` and the agent set the variables; started in
// another way, this program sets them itself and runs itself once more. Returns where they were set, or
// where that is not possible. Call it first in main.
void EnsureOneBlasThread(char** argv);

}  // namespace cairn
