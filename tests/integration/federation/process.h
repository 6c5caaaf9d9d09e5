#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cairn::testing_processes {

using Milliseconds = std::chrono::milliseconds;

// Until the condition holds: true, or false once patience is over.
bool Await(const std::function<bool()>& condition, Milliseconds patience = std::chrono::seconds(30));

std::string Contents(const std::filesystem::path& file);

// A program of the build, with both its streams at the end of one log file. Killed when it goes out of scope.
class Process {
 public:
  Process() = default;
  // `words` begins with the program. `environment` is added to a clean one.
  Process(std::vector<std::string> words, std::filesystem::path log,
          std::vector<std::string> environment = {});
  Process(Process&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), code_(other.code_), log_(std::move(other.log_)) {}
  Process& operator=(Process&& other) noexcept;
  ~Process() { Kill(); }

  pid_t pid() const { return pid_; }
  bool is_running() { return pid_ > 0 && !Poll().has_value(); }
  std::optional<int> Wait(Milliseconds patience);  // the exit code; 128 + n after signal n
  void Kill();                                     // SIGKILL, and waits
  std::optional<int> Terminate();                  // SIGTERM, and waits
  std::string log() const { return Contents(log_); }

 private:
  std::optional<int> Poll();

  pid_t pid_ = -1;
  std::optional<int> code_;
  std::filesystem::path log_;
};

struct Outcome {
  int exit_code = -1;
  std::string out, err;
};
// To its end, which must come in time.
Outcome Run(std::vector<std::string> words, Milliseconds patience = std::chrono::seconds(60));

// The live processes of that name below `ancestor`, however deep.
std::vector<pid_t> Descendants(pid_t ancestor, const std::string& name);

}  // namespace cairn::testing_processes
