#include "core/runtime/child/launcher_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "core/runtime/child/child_setup.h"
#include "core/runtime/child/launcher_protocol.h"

namespace cairn {
namespace {

class LauncherProcess {
 public:
  LauncherProcess(int socket, const std::filesystem::path& program) : socket_(socket), program_(program) {}

  int Run() {
    if (!Prepare()) return 1;
    pollfd events[] = {{socket_, POLLIN, 0}, {signals_.get(), POLLIN, 0}};
    while (true) {
      if (poll(events, 2, -1) < 0 && errno != EINTR) return 1;
      if ((events[1].revents & POLLIN) != 0) Reap();
      if (events[0].revents != 0 && !Serve()) break;
    }
    for (const auto& [pid, exit_pipe] : children_) kill(-pid, SIGKILL);
    return 0;
  }

 private:
  bool Prepare() {
    prctl(PR_SET_NAME, "cairn-launcher");
    // A worker's own children, where no seccomp forbids them, fall to us and go with its process group.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    // Ctrl-C reaches the whole terminal group; our end is the end of the socket, not a signal.
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) signal(number, SIG_IGN);
    syscall(SYS_close_range, socket_ + 1, ~0U, 0);
    fcntl(socket_, F_SETFD, FD_CLOEXEC);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, nullptr);
    signals_.Reset(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    return signals_.is_open();
  }

  // False at the end of the stream.
  bool Serve() {
    auto packet = ReceivePacket(socket_);
    if (!packet) return false;
    auto spec = DecodeSpec(packet->bytes);
    if (!spec || spec->descriptors.size() != packet->descriptors.size()) return false;
    for (std::size_t i = 0; i < packet->descriptors.size(); ++i) {
      spec->descriptors[i].source = packet->descriptors[i].get();
    }
    UniqueFd pidfd, exit_pipe;
    const SpawnAnswer answer = Spawn(*spec, pidfd, exit_pipe);
    const int descriptors[] = {pidfd.get(), exit_pipe.get()};
    const std::size_t count = answer.stage == SpawnStage::kRunning ? 2 : 0;
    return SendPacket(socket_, {reinterpret_cast<const char*>(&answer), sizeof answer},
                      std::span(descriptors).first(count));
  }

  SpawnAnswer Spawn(const ChildSpec& spec, UniqueFd& pidfd, UniqueFd& exit_read) {
    SpawnAnswer answer;
    int progress[2], exit_ends[2];
    if (pipe2(progress, O_CLOEXEC) != 0) return Failed(errno);
    UniqueFd progress_read(progress[0]), progress_write(progress[1]);
    if (pipe2(exit_ends, O_CLOEXEC) != 0) return Failed(errno);
    exit_read.Reset(exit_ends[0]);
    UniqueFd exit_write(exit_ends[1]);
    const pid_t launcher = getpid();
    const pid_t pid = fork();
    if (pid < 0) return Failed(errno);
    if (pid == 0) BecomeProgram(spec, program_, launcher, progress_write.get());
    progress_write.Reset();
    pidfd.Reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    const int error = errno;
    children_.emplace(pid, std::move(exit_write));
    if (!pidfd.is_open()) {
      kill(pid, SIGKILL);
      return Failed(error);
    }
    // The child tells how far it came; its last word before the end of the pipe counts. A child that
    // dies on the way says nothing.
    answer = Failed(ECHILD);
    SpawnAnswer word;
    while (read(progress_read.get(), &word, sizeof word) == sizeof word) answer = word;
    answer.pid = pid;
    return answer;
  }

  static SpawnAnswer Failed(int error) {
    SpawnAnswer answer;
    answer.stage = SpawnStage::kDescriptors;
    answer.error = error;
    return answer;
  }

  void Reap() {
    signalfd_siginfo ignored[8];
    while (read(signals_.get(), ignored, sizeof ignored) > 0) {
    }
    int status = 0;
    pid_t pid = 0;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
      const auto child = children_.find(pid);
      if (child == children_.end()) continue;
      kill(-pid, SIGKILL);  // what it may have left behind in its group
      ChildExit how;
      if (WIFSIGNALED(status)) how.signal = WTERMSIG(status);
      if (WIFEXITED(status)) how.code = WEXITSTATUS(status);
      // A parent that no longer listens is no reason to stop.
      if (write(child->second.get(), &how, sizeof how) < 0) errno = 0;
      children_.erase(child);
    }
  }

  const int socket_;
  const std::filesystem::path program_;
  UniqueFd signals_;
  std::map<pid_t, UniqueFd> children_;  // where each one's end is told
};

}  // namespace

int RunLauncher(int socket, const std::filesystem::path& program) {
  return LauncherProcess(socket, program).Run();
}

}  // namespace cairn
