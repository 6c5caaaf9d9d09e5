// The worker that a real agent starts: what the kernel says of it while it trains.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/integration/federation/federation.h"

namespace cairn::testing_processes {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path Proc(pid_t pid, const std::string& name) { return fs::path("/proc") / std::to_string(pid) / name; }

std::string StatusField(pid_t pid, const std::string& name) {
  std::istringstream lines(Contents(Proc(pid, "status")));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + ":")) return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  }
  return "";
}

std::vector<std::string> OpenFiles(pid_t pid) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(Proc(pid, "fd"), error)) {
    std::error_code gone;
    files.push_back(fs::read_symlink(entry.path(), gone).string());
  }
  return files;
}

// One job under real agents, held while a worker is at work on it.
class SandboxTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HavePrograms()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn and cairn-worker";
    federation_.StartAll();
    JobText job;
    job.strategy = R"(name = "fedavg", rounds = 2000)";  // longer than any look at it
    federation_.Submit(job);
    ASSERT_TRUE(Await([&] {
      const json now = federation_.Job();
      return now.is_object() && now.value("rounds_done", 0) > 0;
    })) << federation_.Logs();
    const auto workers = Descendants(federation_.site(0).pid(), "cairn-worker");
    ASSERT_EQ(workers.size(), 1u) << "an agent has one worker";
    worker_ = workers[0];
  }

  Federation federation_;
  pid_t worker_ = -1;
};

TEST_F(SandboxTest, WorkerOfARunningAgentIsFilteredForGood) {
  EXPECT_EQ(StatusField(worker_, "Seccomp"), "2") << "a filter that the kernel applies to every system call";
  EXPECT_EQ(StatusField(worker_, "NoNewPrivs"), "1");
  // Every thread of it, not only the first one.
  for (const auto& thread : fs::directory_iterator(Proc(worker_, "task"))) {
    EXPECT_NE(Contents(thread.path() / "status").find("Seccomp:\t2"), std::string::npos) << thread.path();
  }
}

TEST_F(SandboxTest, WorkerHoldsNoSocketAndNoFileOfTheAgent) {
  const std::vector<std::string> files = OpenFiles(worker_);
  ASSERT_GE(files.size(), 4u);
  const std::string state = (federation_.site_folder(0) / "state").string();
  for (const std::string& file : files) {
    EXPECT_EQ(file.rfind("socket:", 0), std::string::npos) << "the worker holds a socket";
    EXPECT_EQ(file.rfind(state, 0), std::string::npos) << file;
  }
  const std::string environment = Contents(Proc(worker_, "environ"));
  EXPECT_EQ(environment.find("CAIRN_"), std::string::npos);
}

// `serve` proves its own confinement before it says that it is ready: it tries a socket, the agent's key and
// a write, and a worker that is let through any of them serves nothing. Under "required" its rounds are the
// proof.
TEST_F(SandboxTest, WorkerProvedItsConfinementBeforeItServed) {
  const std::string arguments = Contents(Proc(worker_, "cmdline"));
  EXPECT_NE(arguments.find("required"), std::string::npos) << "the default of policy.sandbox";
  EXPECT_NE(arguments.find((federation_.site_folder(0) / "state" / "site.key").string()), std::string::npos)
      << "the self-test is told which key it must not be able to read";
  EXPECT_NE(federation_.site_log(0).find("report_receipted job=1 round=1"), std::string::npos);
  EXPECT_EQ(federation_.site_log(0).find("CAIRN-71"), std::string::npos) << federation_.site_log(0);
}

TEST_F(SandboxTest, WorkerEndsWithItsAgent) {
  federation_.site(0).Kill();
  EXPECT_TRUE(Await([&] {
    return StatusField(worker_, "State").empty() || StatusField(worker_, "State")[0] == 'Z';
  })) << "the worker outlived an agent that was killed";
}

}  // namespace
}  // namespace cairn::testing_processes
