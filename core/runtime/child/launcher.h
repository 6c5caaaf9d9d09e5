#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/runtime/child/sandbox.h"
#include "core/runtime/unique_fd.h"

// Starts sandboxed children. A small single-threaded process, the launcher, is split off before keys
// are read, threads start and this process confines itself; it makes each child, puts the sandbox in
// force and runs the one program it was told at its start. Killing the child is how its work stops.
//
//   int main(int argc, char** argv) {
//     if (const auto code = cairn::MaybeRunLauncher(argc, argv)) return *code;   // first of all
//     auto launcher = cairn::Launcher::Start("/usr/bin/cairn-worker");
//     … confine, read keys, start threads …
//     auto child = (*launcher)->Spawn({.readable = {"/srv/cardio"}, .descriptors = {{pipe, 3}}});

namespace cairn {

struct ChildDescriptor {
  int source = -1;  // ours; stays open here
  int target = -1;  // its number in the child, 0 … 63; 0 to 2 are /dev/null unless given
};

struct ChildLimits {
  std::uint64_t address_space = 0;  // bytes; 0: no limit
  std::uint64_t cpu_seconds = 0;    // 0: no limit
  std::uint64_t open_files = 256;
};

struct ChildSpec {
  std::vector<std::string> arguments{};           // after the program's name
  std::vector<std::string> environment{};         // "NAME=value", all of it; see environment.h
  std::vector<std::filesystem::path> readable{};  // the job's data, besides the system's libraries
  std::vector<ChildDescriptor> descriptors{};
  ChildLimits limits{};
  SandboxMode sandbox = SandboxMode::kRequired;
};

struct ChildExit {
  int code = 0;                  // meaningful when signal is 0
  int signal = 0;                // what ended it
  std::string ToString() const;  // "exit code 3", "signal 11 (Segmentation fault)"
};

// A running child, seen from the process that asked for it. Kill and Wait are thread-safe.
// The destructor kills.
class ChildProcess {
 public:
  ChildProcess(int pid, UniqueFd pidfd, UniqueFd exit_pipe, SandboxReport report);
  ~ChildProcess();

  int pid() const { return pid_; }
  const SandboxReport& sandbox() const { return sandbox_; }
  // Readable once the child is gone; for poll.
  int exit_fd() const { return exit_pipe_.get(); }

  // SIGKILL, by pidfd, so that a reused number is never hit. Returns at once.
  void Kill();
  // How it ended, or nothing when it still runs after `patience`.
  std::optional<ChildExit> Wait(Duration patience);

 private:
  const int pid_;
  const UniqueFd pidfd_;
  const UniqueFd exit_pipe_;
  const SandboxReport sandbox_;
  std::mutex mutex_;  // guards exit_
  std::optional<ChildExit> exit_;
};

class Launcher {
 public:
  // Splits the launcher off this program (/proc/self/exe must call MaybeRunLauncher). `program` is the only
  // one it will ever run.
  static Result<std::unique_ptr<Launcher>> Start(const std::filesystem::path& program);
  ~Launcher();  // its children are killed, then it ends
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  // Returns when the program has been entered, with the sandbox in force. Thread-safe. Errors:
  // kWorkerMissing, kSandboxUnavailable, kNotFound for a path of `readable` that does not exist,
  // kWorkerCrashed when the launcher itself is gone.
  Result<std::unique_ptr<ChildProcess>> Spawn(const ChildSpec& spec);

 private:
  Launcher(int pid, UniqueFd socket, std::filesystem::path program)
      : pid_(pid), socket_(std::move(socket)), program_(std::move(program)) {}

  const int pid_;
  std::mutex mutex_;  // one question at a time on the socket
  UniqueFd socket_;
  const std::filesystem::path program_;
};

// The exit code of the launcher when this process was started as one, else nothing.
std::optional<int> MaybeRunLauncher(int argc, char** argv);

}  // namespace cairn
