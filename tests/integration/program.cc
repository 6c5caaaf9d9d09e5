#include "tests/integration/program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace cairn {
namespace {

namespace fs = std::filesystem;

std::string Contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

fs::path Program::Path() {
  const char* bin = std::getenv("CAIRN_BIN_DIR");
  if (bin == nullptr) return {};
  const fs::path path = fs::path(bin) / "cairn";
  return fs::exists(path) ? path : fs::path();
}

Program::Program(const fs::path& scratch, std::vector<std::string> words, const std::string& input) {
  static int count = 0;
  stem_ = scratch / ("program-" + std::to_string(++count));
  std::ofstream(stem_.string() + ".in") << input;
  words.insert(words.begin(), Path().string());
  std::vector<std::string> environment = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8"};
  std::vector<char*> argv, envp;
  for (std::string& word : words) argv.push_back(word.data());
  for (std::string& variable : environment) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  constexpr int kWrite = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, (stem_.string() + ".in").c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, (stem_.string() + ".out").c_str(), kWrite, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, (stem_.string() + ".err").c_str(), kWrite, 0600);
  EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), envp.data()), 0);
  posix_spawn_file_actions_destroy(&actions);
}

Program::~Program() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::optional<Program::Outcome> Program::Wait(std::chrono::seconds patience) {
  int status = 0;
  if (!Await([&] { return waitpid(pid_, &status, WNOHANG) == pid_; }, patience)) return std::nullopt;
  pid_ = -1;
  return Outcome{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                 Contents(stem_.string() + ".out"), err()};
}

void Program::Signal(int number) const { kill(pid_, number); }
std::string Program::err() const { return Contents(stem_.string() + ".err"); }

std::uint16_t FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

}  // namespace cairn
