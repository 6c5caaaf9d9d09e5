#include "core/runtime/child/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "core/runtime/unique_fd.h"

// The interface as the kernel's documentation (userspace-api/landlock) states it, spelled out here since
// system headers know fewer versions than kernels do. glibc has no wrappers.

namespace cairn {
namespace {

#ifndef SYS_landlock_create_ruleset
constexpr long SYS_landlock_create_ruleset = 444;
constexpr long SYS_landlock_add_rule = 445;
constexpr long SYS_landlock_restrict_self = 446;
#endif

constexpr std::uint32_t kAskVersion = 1;
constexpr int kRulePathBeneath = 1;

// Rights on files, by bit.
constexpr std::uint64_t kExecute = 1 << 0, kWriteFile = 1 << 1, kReadFile = 1 << 2, kReadFolder = 1 << 3;
constexpr std::uint64_t kUpToAbi1 = (1 << 13) - 1;  // the above, and making and removing of each kind
constexpr std::uint64_t kRefer = 1 << 13;           // ABI 2: rename across folders
constexpr std::uint64_t kTruncate = 1 << 14;        // ABI 3
constexpr std::uint64_t kIoctlDevice = 1 << 15;     // ABI 5
constexpr std::uint64_t kOnPlainFiles = kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDevice;
constexpr std::uint64_t kTcp = 0b11;     // ABI 4: bind, connect
constexpr std::uint64_t kScopes = 0b11;  // ABI 6: abstract sockets, signals

struct RulesetAttributes {
  std::uint64_t handled_files = 0, handled_network = 0, scoped = 0;
};
struct __attribute__((packed)) PathRule {
  std::uint64_t allowed = 0;
  std::int32_t parent = -1;
};

std::uint64_t FileRights(int abi) {
  std::uint64_t rights = kUpToAbi1;
  if (abi >= 2) rights |= kRefer;
  if (abi >= 3) rights |= kTruncate;
  if (abi >= 5) rights |= kIoctlDevice;
  return rights;
}

bool Allow(int ruleset, const std::filesystem::path& path, std::uint64_t rights) {
  const UniqueFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd.is_open()) return errno == ENOENT;
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return false;
  PathRule rule;
  rule.allowed = S_ISDIR(info.st_mode) ? rights : rights & kOnPlainFiles;
  rule.parent = fd.get();
  return syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &rule, 0) == 0;
}

}  // namespace

int LandlockAbi() {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  return version > 0 ? static_cast<int>(version) : 0;
}

bool RestrictFiles(const FileRules& rules, LandlockScope scope) {
  const int abi = LandlockAbi();
  RulesetAttributes attributes;
  attributes.handled_files = FileRights(abi);
  if (scope == LandlockScope::kEverything && abi >= 4) attributes.handled_network = kTcp;
  if (scope == LandlockScope::kEverything && abi >= 6) attributes.scoped = kScopes;
  // An older kernel accepts the longer struct as long as what it does not know is zero.
  const UniqueFd ruleset(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset.is_open()) return false;
  for (const auto& path : rules.readable) {
    if (!Allow(ruleset.get(), path, kExecute | kReadFile | kReadFolder)) return false;
  }
  for (const auto& path : rules.writable) {
    if (!Allow(ruleset.get(), path, attributes.handled_files & ~kExecute)) return false;
  }
  return syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

}  // namespace cairn
