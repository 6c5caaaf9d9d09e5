#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"

// The confinement of a child process, in layers; which of them hold is reported, never assumed.
//
//   seccomp    no sockets, no other process, no mounts, no writing opens; foreign architectures end the
//   process Landlock   files outside a list do not exist for it; nothing is writable inherited  no descriptor
//   but those given, a clean environment, resource limits, no privileges

namespace cairn {

enum class SandboxMode : std::uint8_t {
  kRequired = 1,    // without seccomp nothing starts (kSandboxUnavailable)
  kBestEffort = 2,  // whatever the system offers, said so in the report
};

struct SandboxReport {
  bool seccomp = false;
  int landlock_abi = 0;  // 0: the kernel has none
  bool no_new_privileges = false;
  // "seccomp, landlock ABI 3, limits"; missing layers are named: "no landlock".
  std::string ToString() const;
};

// What this kernel offers, for `cairn doctor`. Confines nothing.
SandboxReport ProbeSandbox();

// Files a confined process may use. A path that does not exist is left out of the rules.
struct FileRules {
  std::vector<std::filesystem::path> readable{};  // a folder means all below it; execution included
  std::vector<std::filesystem::path> writable{};  // read, write, make and remove below it
};

// Confines the calling thread, and all threads and processes it starts later, to these files. Call it
// before any other thread exists. The agent does this to itself, so that it cannot open the data its
// workers read. Returns the Landlock ABI in force, 0 without Landlock (which is no error).
Result<int> ConfineFiles(const FileRules& rules);

}  // namespace cairn
