#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/cairn/child_program.h"
#include "core/base/result.h"

namespace cairn {

// Catches Ctrl-C for as long as children run, so that they are ended in order. One at a time.
class CatchInterrupt {
 public:
  CatchInterrupt();
  ~CatchInterrupt();
  CatchInterrupt(const CatchInterrupt&) = delete;
  CatchInterrupt& operator=(const CatchInterrupt&) = delete;
};
Status CheckInterrupt();  // kCancelled once it came

// The programs a demo runs. What one says goes into DIR/NAME.log, whose end an error quotes (kDemoFailed).
// Daemons are ended with the object at the latest.
class DemoProcesses {
 public:
  using Words = std::vector<std::string>;
  using Milliseconds = std::chrono::milliseconds;
  // `logs` is made; `worker` gets the environment that it needs.
  static Result<DemoProcesses> Create(std::filesystem::path logs, std::filesystem::path worker);

  Result<ChildProgram> Start(const std::filesystem::path& program, const Words& words,
                             const std::string& log) const;
  // Waits for its end, which must be a good one.
  Status Await(ChildProgram& child, const std::string& what, const std::string& log,
               Milliseconds patience) const;
  // A command to its end.
  Status Run(const std::filesystem::path& program, const Words& words, const std::string& log) const;

  Status StartDaemon(const std::filesystem::path& program, const Words& words, const std::string& log);
  bool HasLastDaemonEnded(Milliseconds patience) { return daemons_.back().Wait(patience).has_value(); }
  void StopDaemons();  // the last one first

  Status Failed(const std::string& what, const std::string& how, const std::string& log) const;

 private:
  DemoProcesses(std::filesystem::path logs, std::filesystem::path worker)
      : logs_(std::move(logs)), worker_(std::move(worker)) {}
  std::filesystem::path LogOf(const std::string& name) const { return logs_ / (name + ".log"); }

  std::filesystem::path logs_, worker_;
  std::vector<ChildProgram> daemons_;
};

}  // namespace cairn
