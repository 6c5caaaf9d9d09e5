#include "core/runtime/child/sandbox.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/runtime/child/landlock.h"

namespace cairn {

std::string SandboxReport::ToString() const {
  std::string text = seccomp ? "seccomp" : "no seccomp";
  text += landlock_abi > 0 ? ", landlock ABI " + std::to_string(landlock_abi) : ", no landlock";
  text += no_new_privileges ? ", limits" : ", no limits";
  return text;
}

SandboxReport ProbeSandbox() {
  SandboxReport report;
  const std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
  report.seccomp = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
  report.landlock_abi = LandlockAbi();
  report.no_new_privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0;
  return report;
}

Result<int> ConfineFiles(const FileRules& rules) {
  const int abi = LandlockAbi();
  if (abi == 0) return 0;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !RestrictFiles(rules, LandlockScope::kFilesOnly)) {
    return Status(errors::kSandboxUnavailable,
                  std::string("landlock refused the list of files: ") + std::strerror(errno));
  }
  return abi;
}

}  // namespace cairn
