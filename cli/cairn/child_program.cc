#include "cli/cairn/child_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "core/runtime/child/environment.h"
#include "core/runtime/files.h"
#include "core/runtime/unique_fd.h"

namespace cairn {
namespace {

constexpr mode_t kOutputMode = 0600;

// One name, one value: what is added wins over what we have.
std::vector<std::string> Environment(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (const std::string& own : OwnEnvironment()) {
    const std::string name = own.substr(0, own.find('=') + 1);
    bool replaced = false;
    for (const std::string& entry : added) replaced = replaced || entry.starts_with(name);
    if (!replaced) all.push_back(own);
  }
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

void Redirect(posix_spawn_file_actions_t& actions, const ChildProgram::Options& options,
              const std::filesystem::path& captured) {
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (!options.output.empty()) {
    posix_spawn_file_actions_addopen(&actions, 2, options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                     kOutputMode);
  }
  if (captured.empty()) {
    posix_spawn_file_actions_adddup2(&actions, 2, 1);
  } else {
    posix_spawn_file_actions_addopen(&actions, 1, captured.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     kOutputMode);
  }
}

}  // namespace

Result<ChildProgram> ChildProgram::Start(const std::filesystem::path& program,
                                         const std::vector<std::string>& arguments, const Options& options) {
  std::filesystem::path captured;
  if (options.capture_stdout) {
    std::string name = (std::filesystem::temp_directory_path() / "cairn-out-XXXXXX").string();
    const UniqueFd file(mkstemp(name.data()));
    if (!file.is_open())
      return Status(errors::kStorageIo, "cannot make a temporary file: " + std::string(std::strerror(errno)));
    captured = name;
  }
  std::vector<std::string> words = {program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment = Environment(options.environment);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  Redirect(actions, options, captured);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A group of its own: Ctrl-C reaches us alone, and we end the children in order.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, program.c_str(), &actions, &attributes, Pointers(words).data(),
                                Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return Status(errors::kWorkerMissing, "cannot run " + program.string() + ": " + std::strerror(error));
  }
  return ChildProgram(pid, std::move(captured));
}

ChildProgram::ChildProgram(ChildProgram&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      captured_(std::exchange(other.captured_, {})),
      code_(other.code_) {}

ChildProgram::~ChildProgram() {
  if (pid_ > 0) Terminate(std::chrono::seconds(5));
  std::error_code ignored;
  if (!captured_.empty()) std::filesystem::remove(captured_, ignored);
}

std::optional<int> ChildProgram::Wait(std::chrono::milliseconds patience) {
  if (code_.has_value()) return code_;
  // A pid descriptor becomes readable when the process ends: no polling of waitpid.
  const UniqueFd handle(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (handle.is_open()) {
    pollfd entry{handle.get(), POLLIN, 0};
    if (poll(&entry, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
  }
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) return std::nullopt;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return code_;
}

void ChildProgram::Signal(int number) const {
  if (!code_.has_value()) kill(pid_, number);
}

void ChildProgram::Terminate(std::chrono::milliseconds patience) {
  if (code_.has_value()) return;
  Signal(SIGTERM);
  if (Wait(patience).has_value()) return;
  kill(-pid_, SIGKILL);
  Wait(std::chrono::seconds(5));
}

std::string ChildProgram::Output() const {
  auto text = ReadFile(captured_, 64 << 20);
  return text.ok() ? *text : std::string();
}

Result<int> RunProgram(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                       const ChildProgram::Options& options) {
  CAIRN_ASSIGN_OR_RETURN(ChildProgram child, ChildProgram::Start(program, arguments, options));
  for (;;) {
    if (const auto code = child.Wait(std::chrono::hours(1))) return *code;
  }
}

}  // namespace cairn
