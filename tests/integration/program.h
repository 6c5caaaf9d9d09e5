#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cairn {

// The built program `cairn` as a process of its own: no terminal, a clean environment. Ended with the object.
class Program {
 public:
  struct Outcome {
    int exit_code = -1;  // 128 + signal where one ended it
    std::string out, err;
  };

  // Empty where the build made no `cairn`.
  static std::filesystem::path Path();

  // Standard streams go to files in `scratch`; `input` is what it reads from standard input.
  Program(const std::filesystem::path& scratch, std::vector<std::string> words,
          const std::string& input = "");
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();  // SIGKILL

  // Its end, or nothing when it still runs after `patience`.
  std::optional<Outcome> Wait(std::chrono::seconds patience = std::chrono::seconds(60));
  void Signal(int number) const;
  std::string err() const;  // so far

 private:
  std::filesystem::path stem_;  // of the files its streams go to
  pid_t pid_ = -1;
};

std::uint16_t FreePort();  // on 127.0.0.1

// Looks again every few milliseconds until `is_true`, at most so long.
template <class Condition>
bool Await(Condition is_true, std::chrono::seconds patience = std::chrono::seconds(30));

}  // namespace cairn

#include <thread>

template <class Condition>
bool cairn::Await(Condition is_true, std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}
