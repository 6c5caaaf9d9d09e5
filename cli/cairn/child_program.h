#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace cairn {

// A program this command starts and looks after: its own process group, ended when the object goes.
// For tools that orchestrate (demo, job submit); daemons start workers through core/runtime's Launcher.
class ChildProgram {
 public:
  struct Options {
    std::vector<std::string> environment;  // "NAME=value" on top of ours
    std::filesystem::path output;          // where stdout and stderr go; empty: stderr of this process
    bool capture_stdout = false;           // read it with Output after Wait
  };
  static Result<ChildProgram> Start(const std::filesystem::path& program,
                                    const std::vector<std::string>& arguments, const Options& options);
  ChildProgram(ChildProgram&& other) noexcept;
  ChildProgram& operator=(ChildProgram&&) = delete;
  ~ChildProgram();  // Terminate, then kill

  pid_t pid() const { return pid_; }
  // Its exit code (128 + signal where one ended it), or nothing when it still runs after `patience`.
  std::optional<int> Wait(std::chrono::milliseconds patience);
  void Signal(int number) const;
  // SIGTERM, and SIGKILL where it has not ended in time.
  void Terminate(std::chrono::milliseconds patience);
  std::string Output() const;  // of capture_stdout

 private:
  ChildProgram(pid_t pid, std::filesystem::path captured) : pid_(pid), captured_(std::move(captured)) {}
  pid_t pid_ = -1;
  std::filesystem::path captured_;  // removed at the end
  std::optional<int> code_;
};

// Runs to the end: the exit code.
Result<int> RunProgram(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                       const ChildProgram::Options& options);

}  // namespace cairn
