#pragma once

namespace cairn {

// Installs the worker's system-call filter on the calling thread; needs no_new_privs. What it denies
// fails with EPERM and the process goes on; calls of another architecture end the process. `own_pid`
// is the only process that may be signalled. False with errno set where the kernel has no filters.
//
// Executable mappings stay allowed: oneDNN generates code at run time, and every convolution needs it.
bool InstallSeccompFilter(int own_pid);

}  // namespace cairn
