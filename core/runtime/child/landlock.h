#pragma once

#include "core/runtime/child/sandbox.h"

namespace cairn {

// The kernel's Landlock version, 0 where it has none or it is switched off.
int LandlockAbi();

enum class LandlockScope {
  kFilesOnly,   // the agent: it needs its network
  kEverything,  // a worker: also no TCP, no abstract sockets, no signals to the outside, where the ABI knows
                // them
};

// Applies the rules to the calling thread; needs no_new_privs and LandlockAbi() > 0. False with errno set
// when a call fails; the thread is then not confined.
bool RestrictFiles(const FileRules& rules, LandlockScope scope);

}  // namespace cairn
