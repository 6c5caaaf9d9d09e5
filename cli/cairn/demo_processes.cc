#include "cli/cairn/demo_processes.h"

#include <csignal>
#include <optional>
#include <utility>

#include "core/runtime/child/environment.h"
#include "core/runtime/files.h"

namespace cairn {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kQuoted = 600;  // bytes of a log

volatile std::sig_atomic_t g_interrupted = 0;
void OnInterrupt(int number) { g_interrupted = number; }

struct sigaction g_before[2] = {};

}  // namespace

CatchInterrupt::CatchInterrupt() {
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;  // no SA_RESTART: waits return early
  sigaction(SIGINT, &action, &g_before[0]);
  sigaction(SIGTERM, &action, &g_before[1]);
}

CatchInterrupt::~CatchInterrupt() {
  sigaction(SIGINT, &g_before[0], nullptr);
  sigaction(SIGTERM, &g_before[1], nullptr);
}

Status CheckInterrupt() {
  return g_interrupted == 0
             ? Status()
             : Status(errors::kCancelled, "the demo was interrupted; everything it started is stopped");
}

Result<DemoProcesses> DemoProcesses::Create(std::filesystem::path logs, std::filesystem::path worker) {
  CAIRN_RETURN_IF_ERROR(MakeFolders(logs));
  return DemoProcesses(std::move(logs), std::move(worker));
}

Result<ChildProgram> DemoProcesses::Start(const std::filesystem::path& program, const Words& words,
                                          const std::string& log) const {
  ChildProgram::Options run;
  run.output = LogOf(log);
  if (program == worker_) run.environment = WorkerEnvironment(OwnEnvironment(), ThisCpu());
  return ChildProgram::Start(program, words, run);
}

Status DemoProcesses::Await(ChildProgram& child, const std::string& what, const std::string& log,
                            Milliseconds patience) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::optional<int> code;
  while (!(code = child.Wait(200ms)).has_value()) {
    CAIRN_RETURN_IF_ERROR(CheckInterrupt());
    if (std::chrono::steady_clock::now() > deadline) return Failed(what, "did not end in time", log);
  }
  if (*code != 0) return Failed(what, "exited with " + std::to_string(*code), log);
  return {};
}

Status DemoProcesses::Run(const std::filesystem::path& program, const Words& words,
                          const std::string& log) const {
  CAIRN_ASSIGN_OR_RETURN(ChildProgram child, Start(program, words, log));
  return Await(child, words.front(), log, 120s);
}

Status DemoProcesses::StartDaemon(const std::filesystem::path& program, const Words& words,
                                  const std::string& log) {
  CAIRN_ASSIGN_OR_RETURN(ChildProgram child, Start(program, words, log));
  daemons_.push_back(std::move(child));
  return {};
}

void DemoProcesses::StopDaemons() {
  while (!daemons_.empty()) {
    daemons_.back().Terminate(10s);
    daemons_.pop_back();
  }
}

Status DemoProcesses::Failed(const std::string& what, const std::string& how, const std::string& log) const {
  const auto text = ReadFile(LogOf(log), 1 << 20);
  return Status(errors::kDemoFailed, "a part of the demo failed: " + what + " " + how)
      .Why(text.ok() && !text->empty()
               ? "its log ends: " + text->substr(text->size() > kQuoted ? text->size() - kQuoted : 0)
               : "it left no log")
      .Mend("run `cairn demo --keep DIR` and read DIR/logs; `cairn doctor` checks this machine");
}

}  // namespace cairn
