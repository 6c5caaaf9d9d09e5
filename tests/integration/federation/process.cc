#include "tests/integration/federation/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <thread>

namespace cairn::testing_processes {
namespace {

namespace fs = std::filesystem;
using SteadyTime = std::chrono::steady_clock;

std::vector<std::string> CleanEnvironment(std::vector<std::string> more) {
  std::vector<std::string> variables = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8"};
  for (std::string& variable : more) variables.push_back(std::move(variable));
  return variables;
}

pid_t Spawn(std::vector<std::string> words, std::vector<std::string> environment, const fs::path& out,
            const fs::path& err) {
  std::vector<char*> argv, envp;
  for (std::string& word : words) argv.push_back(word.data());
  for (std::string& variable : environment) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (out == err) {
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
  } else {
    posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  }
  pid_t child = -1;
  EXPECT_EQ(posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), envp.data()), 0) << words[0];
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

int CodeOf(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

bool Await(const std::function<bool()>& condition, Milliseconds patience) {
  const auto deadline = SteadyTime::now() + patience;
  while (!condition()) {
    if (SteadyTime::now() > deadline) return condition();
    std::this_thread::sleep_for(Milliseconds(3));
  }
  return true;
}

std::string Contents(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Process::Process(std::vector<std::string> words, fs::path log, std::vector<std::string> environment)
    : pid_(Spawn(std::move(words), CleanEnvironment(std::move(environment)), log, log)),
      log_(std::move(log)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  Kill();
  pid_ = std::exchange(other.pid_, -1);
  code_ = other.code_;
  log_ = std::move(other.log_);
  return *this;
}

std::optional<int> Process::Poll() {
  int status = 0;
  if (pid_ > 0 && !code_.has_value() && waitpid(pid_, &status, WNOHANG) == pid_) code_ = CodeOf(status);
  return code_;
}

std::optional<int> Process::Wait(Milliseconds patience) {
  (void)Await([this] { return pid_ <= 0 || Poll().has_value(); }, patience);
  return code_;
}

void Process::Kill() {
  if (!is_running()) return;
  kill(pid_, SIGKILL);
  int status = 0;
  if (waitpid(pid_, &status, 0) == pid_) code_ = CodeOf(status);
}

std::optional<int> Process::Terminate() {
  if (is_running()) kill(pid_, SIGTERM);
  return Wait(std::chrono::seconds(40));
}

Outcome Run(std::vector<std::string> words, Milliseconds patience) {
  std::string name = (fs::temp_directory_path() / "cairn-run-XXXXXX").string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  const fs::path folder = name;
  std::string told;
  for (const std::string& word : words) told += word + " ";
  const pid_t child = Spawn(std::move(words), CleanEnvironment({}), folder / "out", folder / "err");
  int status = 0;
  const bool ended = Await([&] { return waitpid(child, &status, WNOHANG) == child; }, patience);
  if (!ended) {
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    ADD_FAILURE() << told << "did not end in time";
  }
  Outcome outcome{CodeOf(status), Contents(folder / "out"), Contents(folder / "err")};
  fs::remove_all(folder);
  return outcome;
}

std::vector<pid_t> Descendants(pid_t ancestor, const std::string& name) {
  std::map<pid_t, std::pair<pid_t, std::string>> processes;  // → parent and name
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    const std::string text = pid > 0 ? Contents(entry.path() / "stat") : "";
    const std::size_t open = text.find('('), close = text.rfind(')');
    if (open == std::string::npos || close == std::string::npos) continue;
    std::istringstream rest(text.substr(close + 1));
    char state = 0;
    pid_t parent = 0;
    rest >> state >> parent;
    if (state != 'Z') processes[pid] = {parent, text.substr(open + 1, close - open - 1)};
  }
  std::vector<pid_t> found;
  for (const auto& [pid, about] : processes) {
    if (about.second != name) continue;
    pid_t up = about.first;
    while (up != ancestor && processes.contains(up)) up = processes[up].first;
    if (up == ancestor) found.push_back(pid);
  }
  return found;
}

}  // namespace cairn::testing_processes
