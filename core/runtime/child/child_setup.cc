#include "core/runtime/child/child_setup.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/runtime/child/landlock.h"
#include "core/runtime/child/launcher_protocol.h"
#include "core/runtime/child/seccomp_filter.h"

namespace cairn {
namespace {

// What any program needs to start and to know its processor.
const char* const kSystemReadable[] = {
    "/usr",      "/lib",      "/lib64",       "/etc/ld.so.cache", "/proc", "/sys/devices/system/cpu",
    "/dev/null", "/dev/zero", "/dev/urandom",
};

class ChildSetup {
 public:
  ChildSetup(const ChildSpec& spec, const std::filesystem::path& program, int progress)
      : spec_(spec), program_(program), progress_(progress) {}

  [[noreturn]] void Run(pid_t launcher) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launcher) _exit(1);  // it died before the line above
    ResetSignals();
    umask(077);
    if (chdir("/") != 0) Fail(SpawnStage::kDescriptors);
    CheckPaths();
    PlaceDescriptors();
    SetLimits();
    Confine();
    Report();
    Exec();
  }

 private:
  [[noreturn]] void Fail(SpawnStage stage, std::uint32_t detail = 0) {
    answer_.stage = stage;
    answer_.error = errno;
    answer_.detail = detail;
    Report();
    _exit(1);
  }

  void Report() {
    if (write(progress_, &answer_, sizeof answer_) != sizeof answer_) _exit(1);
  }

  void ResetSignals() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) signal(number, SIG_DFL);
    // Over the file-size limit a write fails instead of ending the process.
    signal(SIGXFSZ, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
  }

  void CheckPaths() {
    if (access(program_.c_str(), X_OK) != 0) Fail(SpawnStage::kProgram);
    for (std::size_t i = 0; i < spec_.readable.size(); ++i) {
      if (access(spec_.readable[i].c_str(), R_OK) != 0)
        Fail(SpawnStage::kPath, static_cast<std::uint32_t>(i));
    }
  }

  // Moves a descriptor out of the way of all targets.
  int Lift(int fd) {
    const int lifted = fcntl(fd, F_DUPFD_CLOEXEC, kMaxTarget);
    if (lifted < 0) Fail(SpawnStage::kDescriptors);
    return lifted;
  }

  void PlaceDescriptors() {
    progress_ = Lift(progress_);
    const int null = Lift(open("/dev/null", O_RDWR | O_CLOEXEC));
    std::vector<int> sources;
    for (const ChildDescriptor& descriptor : spec_.descriptors) sources.push_back(Lift(descriptor.source));
    for (int standard = 0; standard <= 2; ++standard) {
      if (dup2(null, standard) < 0) Fail(SpawnStage::kDescriptors);
    }
    // Everything closes at exec but the standard three and what is placed now.
    if (syscall(SYS_close_range, 3U, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */) != 0)
      Fail(SpawnStage::kDescriptors);
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (dup2(sources[i], spec_.descriptors[i].target) < 0) Fail(SpawnStage::kDescriptors);
    }
  }

  void Limit(__rlimit_resource resource, std::uint64_t value) {
    rlimit limit{};
    getrlimit(resource, &limit);
    limit.rlim_max = std::min<rlim_t>(limit.rlim_max, value);
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(resource, &limit) != 0) Fail(SpawnStage::kLimits);
  }

  void SetLimits() {
    Limit(RLIMIT_CORE, 0);
    Limit(RLIMIT_FSIZE, 0);  // memory files keep the size they were given; pipes have none
    Limit(RLIMIT_NOFILE, spec_.limits.open_files);
    if (spec_.limits.address_space > 0) Limit(RLIMIT_AS, spec_.limits.address_space);
    if (spec_.limits.cpu_seconds > 0) Limit(RLIMIT_CPU, spec_.limits.cpu_seconds);
  }

  void Confine() {
    // Under root only: keep the right to read the data, whoever owns it, and no other.
    for (int capability = 0; capability <= CAP_LAST_CAP; ++capability) {
      if (capability != CAP_DAC_READ_SEARCH) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    const bool is_required = spec_.sandbox == SandboxMode::kRequired;
    answer_.no_new_privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    if (answer_.no_new_privileges == 0 && is_required) Fail(SpawnStage::kSandbox);
    FileRules rules;
    rules.readable.assign(std::begin(kSystemReadable), std::end(kSystemReadable));
    rules.readable.push_back(program_);
    rules.readable.insert(rules.readable.end(), spec_.readable.begin(), spec_.readable.end());
    answer_.landlock_abi = LandlockAbi();
    if (answer_.landlock_abi > 0 && !RestrictFiles(rules, LandlockScope::kEverything))
      Fail(SpawnStage::kSandbox);
    answer_.seccomp = InstallSeccompFilter(getpid());
    if (answer_.seccomp == 0 && is_required) Fail(SpawnStage::kSandbox);
  }

  [[noreturn]] void Exec() {
    std::string name = program_.filename().string();
    std::vector<char*> arguments{name.data()}, environment;
    for (const std::string& text : spec_.arguments) arguments.push_back(const_cast<char*>(text.c_str()));
    for (const std::string& text : spec_.environment) environment.push_back(const_cast<char*>(text.c_str()));
    arguments.push_back(nullptr);
    environment.push_back(nullptr);
    execve(program_.c_str(), arguments.data(), environment.data());
    Fail(SpawnStage::kProgram);
  }

  const ChildSpec& spec_;
  const std::filesystem::path& program_;
  int progress_;
  SpawnAnswer answer_;
};

}  // namespace

void BecomeProgram(const ChildSpec& spec, const std::filesystem::path& program, pid_t launcher,
                   int progress) {
  ChildSetup(spec, program, progress).Run(launcher);
}

}  // namespace cairn
