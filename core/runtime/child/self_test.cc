#include "core/runtime/child/self_test.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/runtime/child/landlock.h"
#include "core/runtime/unique_fd.h"

namespace cairn {
namespace {

constexpr int kFilterMode = 2;  // SECCOMP_MODE_FILTER, as PR_GET_SECCOMP tells it

bool CanMakeSocket() {
  for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
    if (UniqueFd(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)).is_open()) return true;
  }
  return false;
}

// Everyone may open this for writing, so only a sandbox refuses.
bool CanOpenForWriting() { return UniqueFd(open("/dev/null", O_WRONLY | O_CLOEXEC)).is_open(); }

bool CanRead(const std::filesystem::path& path) {
  return UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)).is_open();
}

Status WentThrough(const std::string& attempt) {
  return Status(errors::kConfinementFailed,
                "the worker's own test " + attempt + ", which its sandbox must refuse");
}

}  // namespace

Result<std::vector<std::string>> ProveConfinement(SandboxMode mode,
                                                  std::span<const std::filesystem::path> must_not_read) {
  std::vector<std::string> layers;
  const bool has_filter = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == kFilterMode;
  if (has_filter || mode == SandboxMode::kRequired) {
    if (CanMakeSocket()) return WentThrough("made a socket");
    if (CanOpenForWriting()) return WentThrough("opened a file for writing");
    layers.push_back("seccomp");
  }
  // Where the kernel has Landlock the launcher put it in force, so its absence is a fault, not a lack.
  if (const int abi = LandlockAbi(); abi > 0) {
    for (const auto& path : must_not_read) {
      if (CanRead(path)) return WentThrough("read " + path.string());
    }
    layers.push_back("landlock:" + std::to_string(abi));
  }
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) layers.push_back("no-new-privileges");
  return layers;
}

}  // namespace cairn
