#include "core/runtime/child/launcher.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/check.h"
#include "core/runtime/child/launcher_process.h"
#include "core/runtime/child/launcher_protocol.h"
#include "core/runtime/io_error.h"

namespace cairn {
namespace {

constexpr timeval kAnswerPatience{20, 0};

Status LauncherGone() {
  return Status(errors::kWorkerCrashed, "the launcher of workers does not answer")
      .Why("the process that starts workers has ended")
      .Mend("restart this daemon");
}

Status Failure(const SpawnAnswer& answer, const ChildSpec& spec, const std::filesystem::path& program) {
  const std::string reason = std::strerror(answer.error);
  switch (answer.stage) {
    case SpawnStage::kProgram:
      return Status(errors::kWorkerMissing, "cannot run " + program.string() + ": " + reason);
    case SpawnStage::kSandbox:
      return Status(errors::kSandboxUnavailable, "the sandbox cannot be put in force: " + reason);
    case SpawnStage::kPath:
      return IoError("give a worker access to", spec.readable.at(answer.detail), answer.error);
    case SpawnStage::kLimits:
      return Status(errors::kSandboxUnavailable, "a resource limit of the worker is refused: " + reason);
    case SpawnStage::kDescriptors:
    case SpawnStage::kRunning:
      break;
  }
  return Status(errors::kWorkerCrashed, "the worker cannot be started: " + reason);
}

}  // namespace

std::string ChildExit::ToString() const {
  if (signal == 0) return "exit code " + std::to_string(code);
  return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

ChildProcess::ChildProcess(int pid, UniqueFd pidfd, UniqueFd exit_pipe, SandboxReport report)
    : pid_(pid), pidfd_(std::move(pidfd)), exit_pipe_(std::move(exit_pipe)), sandbox_(report) {}

ChildProcess::~ChildProcess() { Kill(); }

void ChildProcess::Kill() { syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0); }

std::optional<ChildExit> ChildProcess::Wait(Duration patience) {
  {
    const std::lock_guard lock(mutex_);
    if (exit_) return exit_;
  }
  pollfd waiting{exit_pipe_.get(), POLLIN, 0};
  const auto end = SteadyClock().Now() + patience;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - SteadyClock().Now()).count();
    const int ready = poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30)));
    if (ready > 0) break;
    if (ready == 0 || errno != EINTR) return std::nullopt;
  }
  const std::lock_guard lock(mutex_);
  if (exit_) return exit_;
  ChildExit how;
  // An end without words: the launcher died, and its children with it.
  if (read(exit_pipe_.get(), &how, sizeof how) != sizeof how) how = {.code = 0, .signal = SIGKILL};
  exit_ = how;
  return exit_;
}

Result<std::unique_ptr<Launcher>> Launcher::Start(const std::filesystem::path& program) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return IoError("make the socket pair of", "the launcher", errno);
  }
  UniqueFd ours(ends[0]), theirs(ends[1]);
  setsockopt(ours.get(), SOL_SOCKET, SO_RCVTIMEO, &kAnswerPatience, sizeof kAnswerPatience);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), kLauncherSocket);
  const auto absolute = std::filesystem::absolute(program);  // the launcher's children start in "/"
  std::string name = "cairn", flag = kLauncherFlag, path = absolute.string();
  char* arguments[] = {name.data(), flag.data(), path.data(), nullptr};
  pid_t pid = 0;
  const int error = posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return IoError("start", "the launcher of workers", error);
  return std::unique_ptr<Launcher>(new Launcher(pid, std::move(ours), absolute));
}

Launcher::~Launcher() {
  socket_.Reset();  // the launcher reads the end of the stream, kills its children and ends
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<std::unique_ptr<ChildProcess>> Launcher::Spawn(const ChildSpec& spec) {
  CAIRN_CHECK(spec.descriptors.size() <= kMaxDescriptors, "more descriptors than a worker ever needs");
  std::vector<int> sources;
  for (const ChildDescriptor& descriptor : spec.descriptors) {
    CAIRN_CHECK(descriptor.target >= 0 && descriptor.target < kMaxTarget, "a descriptor's number is 0 to 63");
    sources.push_back(descriptor.source);
  }
  const std::lock_guard lock(mutex_);
  const std::string question = EncodeSpec(spec);
  if (question.size() > kMaxPacket) {
    return Status(errors::kUsage, "the paths and arguments of a worker have " +
                                      std::to_string(question.size()) + " bytes, at most " +
                                      std::to_string(kMaxPacket) + " can be passed")
        .Mend("name a folder instead of its files");
  }
  std::optional<Packet> packet;
  if (SendPacket(socket_.get(), question, sources)) packet = ReceivePacket(socket_.get());
  SpawnAnswer answer;
  if (!packet || packet->bytes.size() != sizeof answer) {
    socket_.Reset();  // a late answer must not be taken for the next one's
    return LauncherGone();
  }
  std::memcpy(&answer, packet->bytes.data(), sizeof answer);
  if (answer.stage != SpawnStage::kRunning) return Failure(answer, spec, program_);
  CAIRN_CHECK(packet->descriptors.size() == 2, "a started child comes with two descriptors");
  const SandboxReport report{answer.seccomp != 0, answer.landlock_abi, answer.no_new_privileges != 0};
  return std::make_unique<ChildProcess>(answer.pid, std::move(packet->descriptors[0]),
                                        std::move(packet->descriptors[1]), report);
}

std::optional<int> MaybeRunLauncher(int argc, char** argv) {
  if (argc != 3 || std::strcmp(argv[1], kLauncherFlag) != 0) return std::nullopt;
  return RunLauncher(kLauncherSocket, argv[2]);
}

}  // namespace cairn
