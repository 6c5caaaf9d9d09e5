#include "core/runtime/child/launcher.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <sstream>

#include "core/runtime/files.h"

namespace cairn {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr Duration kPatience = 60s;

std::filesystem::path ProbePath() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "cairn_sandbox_probe";
}

std::string ReadToEnd(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

// Returns when the child has said a line.
std::string ReadLine(int fd) {
  std::string text;
  for (char c = 0; read(fd, &c, 1) == 1 && c != '\n';) text += c;
  return text;
}

class LauncherTest : public testing::Test {
 protected:
  struct Outcome {
    std::string output;
    ChildExit how;
    SandboxReport sandbox;
  };

  Result<std::unique_ptr<ChildProcess>> Spawn(ChildSpec spec, UniqueFd& output) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    output.Reset(ends[0]);
    const UniqueFd theirs(ends[1]);
    spec.descriptors.push_back({theirs.get(), 1});
    return launcher_->Spawn(spec);
  }

  Outcome Run(ChildSpec spec) {
    UniqueFd output;
    auto child = Spawn(std::move(spec), output);
    EXPECT_TRUE(child.ok()) << child.status().ToString();
    if (!child.ok()) return {};
    Outcome outcome{ReadToEnd(output.get()), {}, (*child)->sandbox()};
    outcome.how = (*child)->Wait(kPatience).value_or(ChildExit{.code = -1, .signal = 0});
    return outcome;
  }

  std::unique_ptr<Launcher> launcher_ = Launcher::Start(ProbePath()).value();
  TempFolder folder_ = TempFolder::Create(std::filesystem::temp_directory_path()).value();
};

class SandboxTest : public LauncherTest {
 protected:
  // attempt → how it ended
  std::map<std::string, std::string> Attack(SandboxMode mode) {
    EXPECT_TRUE(MakeFolders(folder_.path() / "data").ok() && MakeFolders(folder_.path() / "keys").ok());
    const auto data = folder_.path() / "data/rows.csv", key = folder_.path() / "keys/site.key";
    EXPECT_TRUE(WriteFileAtomically(data, "a,b\n").ok() && WriteFileAtomically(key, "secret").ok());
    const auto outcome = Run({.arguments = {"attack", data, folder_.path() / "data", key},
                              .readable = {folder_.path() / "data"},
                              .sandbox = mode});
    EXPECT_EQ(outcome.how.ToString(), "exit code 0");
    sandbox_ = outcome.sandbox;
    std::map<std::string, std::string> ends;
    std::istringstream lines(outcome.output);
    for (std::string line; std::getline(lines, line);)
      ends[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
    return ends;
  }
  SandboxReport sandbox_;
};

TEST_F(SandboxTest, HostileProgramReachesNothingAndWritesNothing) {
  auto ends = Attack(SandboxMode::kRequired);
  EXPECT_TRUE(sandbox_.seccomp && sandbox_.no_new_privileges) << sandbox_.ToString();
  for (const char* attempt : {"socket-inet", "socket-unix", "connect", "socketpair", "io-uring", "ptrace",
                              "process-vm", "kill-parent", "kill-group", "limit-parent", "fork", "unshare",
                              "setsid", "write-data", "create", "create-tmp", "unlink", "rename"}) {
    EXPECT_EQ(ends[attempt], "EPERM") << attempt;
  }
  EXPECT_EQ(ReadFile(folder_.path() / "data/rows.csv", 100).value(), "a,b\n");
}

TEST_F(SandboxTest, WhatTrainingNeedsStillWorks) {
  auto ends = Attack(SandboxMode::kRequired);
  for (const char* attempt : {"read-data", "thread", "writable-code", "no-core"})
    EXPECT_EQ(ends[attempt], "ok") << attempt;
}

TEST_F(SandboxTest, FilesOutsideTheListDoNotOpen) {
  if (ProbeSandbox().landlock_abi == 0) GTEST_SKIP() << "this kernel has no Landlock";
  auto ends = Attack(SandboxMode::kBestEffort);
  EXPECT_EQ(sandbox_.landlock_abi, ProbeSandbox().landlock_abi);
  for (const char* attempt : {"read-key", "read-passwd", "read-parent-memory"}) {
    EXPECT_EQ(ends[attempt], "EACCES") << attempt;
  }
}

TEST_F(SandboxTest, CallsOfAForeignArchitectureEndTheProcess) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "x32 exists on x86-64 only";
#endif
  EXPECT_EQ(Run({.arguments = {"foreign"}}).how.signal, SIGSYS);
}

TEST_F(LauncherTest, ChildHasOnlyTheDescriptorsItWasGiven) {
  const UniqueFd stray(open("/dev/null", O_RDONLY));  // inheritable, and yet not inherited
  const auto outcome = Run({.arguments = {"descriptors"}, .descriptors = {{stray.get(), 7}}});
  EXPECT_THAT(outcome.output, HasSubstr("descriptors=0 1 2 7 \n"));
}

TEST_F(LauncherTest, ChildHasOnlyTheEnvironmentItWasGiven) {
  EXPECT_EQ(Run({.arguments = {"environment"}, .environment = {"A=1", "B=two words"}}).output,
            "A=1\nB=two words\n");
}

TEST_F(LauncherTest, HowAChildEndedIsTold) {
  EXPECT_EQ(Run({.arguments = {"exit", "7"}}).how.code, 7);
  EXPECT_EQ(Run({.arguments = {"abort"}}).how.signal, SIGABRT);
}

TEST_F(LauncherTest, AddressSpaceLimitHolds) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's shadow memory is larger than any such limit";
#endif
  EXPECT_EQ(Run({.arguments = {"memory"}, .limits = {.address_space = 1 << 30}}).how.code, 0);
}

TEST_F(LauncherTest, KilledChildIsGone) {
  UniqueFd output;
  auto child = Spawn({.arguments = {"wait"}}, output);
  ASSERT_TRUE(child.ok()) << child.status().ToString();
  EXPECT_EQ(ReadLine(output.get()), "waiting=ok");
  EXPECT_FALSE((*child)->Wait(Duration{0}));
  (*child)->Kill();
  const auto how = (*child)->Wait(kPatience);
  ASSERT_TRUE(how);
  EXPECT_EQ(how->signal, SIGKILL);
  EXPECT_EQ(ReadToEnd(output.get()), "");                   // its end of the pipe is closed, so this returns
  EXPECT_EQ((*child)->Wait(Duration{0})->signal, SIGKILL);  // and again
}

TEST_F(LauncherTest, ChildrenGoWithTheLauncher) {
  UniqueFd output;
  auto child = Spawn({.arguments = {"wait"}}, output);
  ASSERT_TRUE(child.ok()) << child.status().ToString();
  EXPECT_EQ(ReadLine(output.get()), "waiting=ok");
  launcher_.reset();
  EXPECT_EQ(ReadToEnd(output.get()), "");
  EXPECT_EQ((*child)->Wait(kPatience)->signal, SIGKILL);
}

TEST_F(LauncherTest, MissingProgramAndMissingDataAreNamed) {
  EXPECT_EQ(launcher_->Spawn({.readable = {"/no/such/data"}}).status().id(), errors::kNotFound);
  EXPECT_THAT(launcher_->Spawn({.readable = {"/no/such/data"}}).status().what(), HasSubstr("/no/such/data"));
  auto other = Launcher::Start("/no/such/worker").value();
  const auto child = other->Spawn({});
  EXPECT_EQ(child.status().id(), errors::kWorkerMissing);
  EXPECT_THAT(child.status().what(), HasSubstr("/no/such/worker: No such file"));
  auto not_a_program = Launcher::Start("/etc/passwd").value();
  EXPECT_EQ(not_a_program->Spawn({}).status().id(), errors::kWorkerMissing);
}

TEST_F(LauncherTest, ManyChildrenRunAtOnce) {
  std::vector<UniqueFd> outputs(8);
  std::vector<std::unique_ptr<ChildProcess>> children;
  for (UniqueFd& output : outputs) children.push_back(Spawn({.arguments = {"wait"}}, output).value());
  for (auto& child : children) child->Kill();
  for (auto& child : children) EXPECT_EQ(child->Wait(kPatience)->signal, SIGKILL);
}

}  // namespace
}  // namespace cairn
