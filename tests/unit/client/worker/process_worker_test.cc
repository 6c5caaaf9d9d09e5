#include "client/agent/process_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <future>

#include "client/learning/linear_task.h"
#include "client/learning/local_round.h"
#include "core/runtime/files.h"
#include "core/tensor/update.h"
#include "made_work.h"

namespace cairn {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Hears one piece of work.
class Listener final : public WorkHandler {
 public:
  void OnProgress(WorkProgress progress) override {
    steps = progress.steps_done;
    if (!has_moved_.exchange(true)) moved_.set_value();
  }
  void OnDone(Result<WorkResult> result) override { done_.set_value(std::move(result)); }

  Result<WorkResult> Wait() {
    auto done = done_.get_future();
    if (done.wait_for(60s) != std::future_status::ready)
      return Status(errors::kInternal, "OnDone never came");
    return done.get();
  }
  void WaitForProgress() { moved_.get_future().wait_for(60s); }

  std::atomic<std::int64_t> steps = 0;

 private:
  std::atomic<bool> has_moved_ = false;
  std::promise<void> moved_;
  std::promise<Result<WorkResult>> done_;
};

std::vector<std::byte> BytesOf(const UpdateHandle& update, const UpdateLayout& layout) {
  std::vector<std::byte> bytes(layout.byte_size());
  MaterializeUpdate(update->view(), bytes);
  return bytes;
}

class ProcessWorkerTest : public testing::Test {
 protected:
  static ProcessWorkerConfig BadIn(const std::string& way) {
    ProcessWorkerConfig config;
    if (!way.empty()) config.environment.push_back("CAIRN_TEST_WORKER=" + way);
    config.stop_patience = 5s;
    return config;
  }
  Status FailureOf(ProcessWorkerConfig config, WorkRequest request = MadeWork()) {
    ProcessWorkerClient worker(*launcher_, std::move(config));
    Listener listener;
    worker.Start(std::move(request), listener);
    return std::move(listener.Wait()).status();
  }
  // The same round without process, pipe and shared memory.
  std::vector<std::byte> ExpectedUpdate(const WorkRequest& request, MetricSums* metrics) {
    const auto task = NewLinearTask(request.manifest->spec.model, {}).value();
    const SeededRandom random(request.manifest->spec.seed);
    const auto data = MadeData(request, random).value();
    auto round =
        RunLocalRound(*task, request, *data.train, *data.holdout, random, SystemNoise(), {}, {}).value();
    *metrics = round.metrics;
    UpdateView view;
    view.local_parameters = task->state().parameters();
    view.base_parameters = request.model->values.parameters();
    std::vector<std::byte> bytes(LayoutOf(task->state().spec()).byte_size());
    MaterializeUpdate(view, bytes);
    return bytes;
  }

  std::unique_ptr<Launcher> launcher_ =
      Launcher::Start(std::filesystem::read_symlink("/proc/self/exe").parent_path() / "cairn_test_worker")
          .value();
};

TEST_F(ProcessWorkerTest, UpdateAndMetricsEqualThoseComputedInThisProcess) {
  ProcessWorkerClient worker(*launcher_, {});
  const WorkRequest request = MadeWork();
  MetricSums metrics;
  const auto expected = ExpectedUpdate(request, &metrics);
  const UpdateLayout layout = LayoutOf(request.model->values.spec());
  for (int round = 0; round < 3; ++round) {  // the second and third in the same child
    Listener listener;
    worker.Start(request, listener);
    const auto result = listener.Wait();
    ASSERT_TRUE(result.ok()) << result.status().ToString();
    EXPECT_EQ(BytesOf(result.value().update, layout), expected);
    EXPECT_EQ(result.value().metrics, metrics);
    EXPECT_EQ(result.value().report.examples, 160);
    EXPECT_GE(listener.steps, 1);
  }
  ASSERT_TRUE(worker.sandbox());
  EXPECT_TRUE(worker.sandbox()->seccomp) << worker.sandbox()->ToString();
}

TEST_F(ProcessWorkerTest, EvaluationBringsMetricsAndNoUpdate) {
  ProcessWorkerClient worker(*launcher_, {});
  Listener listener;
  worker.Start(MadeWork(RoundKind::kEvaluate), listener);
  const auto result = listener.Wait();
  ASSERT_TRUE(result.ok()) << result.status().ToString();
  EXPECT_EQ(result.value().update, nullptr);
  EXPECT_EQ(result.value().metrics.rows, 40);
}

TEST_F(ProcessWorkerTest, WorkersOwnErrorIsHandedOnAndTheNextRequestIsServed) {
  ProcessWorkerClient worker(*launcher_, {});
  WorkRequest impossible = MadeWork();
  impossible.train.optimizer.lr = 1e300;
  impossible.train.epochs = 50;
  Listener first, second;
  worker.Start(impossible, first);
  EXPECT_FALSE(first.Wait().ok());
  worker.Start(MadeWork(), second);
  EXPECT_TRUE(second.Wait().ok());
  EXPECT_EQ(FailureOf(BadIn("has-no-data")).id(), errors::kNotFound);
}

TEST_F(ProcessWorkerTest, EveryWayToBreakTheProtocolIsNamedAndNothingIsUsed) {
  for (const char* way : {"speaks-too-soon", "sends-a-huge-frame", "sends-garbage", "cuts-a-frame",
                          "counts-backwards", "sends-a-request", "another-layout", "no-update"}) {
    EXPECT_EQ(FailureOf(BadIn(way)).id(), errors::kWorkerProtocol)
        << way << ": " << FailureOf(BadIn(way)).ToString();
  }
}

TEST_F(ProcessWorkerTest, CrashSaysHowTheWorkerEnded) {
  const Status crashed = FailureOf(BadIn("crashes"));
  EXPECT_EQ(crashed.id(), errors::kWorkerCrashed);
  EXPECT_THAT(crashed.what(), HasSubstr("signal 6"));
  const Status left = FailureOf(BadIn("exits-at-once"));
  EXPECT_EQ(left.id(), errors::kWorkerCrashed);
  EXPECT_THAT(left.what(), HasSubstr("exit code 3"));
}

TEST_F(ProcessWorkerTest, WorkerWithoutProgressIsHungAndGone) {
  ProcessWorkerConfig config = BadIn("hangs");
  config.start_patience = 300ms;
  EXPECT_EQ(FailureOf(config).id(), errors::kWorkerHung);
}

TEST_F(ProcessWorkerTest, RequestTheWorkerRefusesIsNotTakenForACrash) {
  WorkRequest impossible = MadeWork();
  impossible.train.epochs = 2'000'000;
  EXPECT_EQ(FailureOf({}, impossible).id(), errors::kWorkerProtocol);
}

TEST_F(ProcessWorkerTest, WantOfMemoryHasItsOwnError) {
  EXPECT_EQ(FailureOf(BadIn("needs-too-much")).id(), errors::kWorkerMemory);
}

TEST_F(ProcessWorkerTest, KeyWithinReachMakesTheWorkerRefuseToServe) {
  if (ProbeSandbox().landlock_abi == 0) GTEST_SKIP() << "this kernel has no Landlock";
  const auto folder = TempFolder::Create(std::filesystem::temp_directory_path()).value();
  ASSERT_TRUE(WriteFileAtomically(folder.path() / "site.key", "secret").ok());
  ProcessWorkerConfig config;
  config.must_not_read = {folder.path() / "site.key"};
  EXPECT_TRUE(FailureOf(config).ok());
  // A key kept beside the data.
  config.readable = [&](const std::string&) { return std::vector<std::filesystem::path>{folder.path()}; };
  EXPECT_EQ(FailureOf(config).id(), errors::kConfinementFailed);
}

TEST_F(ProcessWorkerTest, KilledWorkIsCancelledAndItsProcessGone) {
  ProcessWorkerClient worker(*launcher_, {});
  WorkRequest endless = MadeWork();
  endless.train.batch = 1;
  endless.train.epochs = 60'000;  // ten million steps
  Listener listener;
  worker.Start(endless, listener);
  listener.WaitForProgress();
  worker.Kill();
  EXPECT_EQ(listener.Wait().status().id(), errors::kCancelled);
  Listener next;  // and the next piece gets a child of its own
  worker.Start(MadeWork(), next);
  EXPECT_TRUE(next.Wait().ok());
}

TEST_F(ProcessWorkerTest, DeafWorkerIsKilledAfterItsPatience) {
  ProcessWorkerConfig config = BadIn("hangs");
  config.stop_patience = 100ms;
  ProcessWorkerClient worker(*launcher_, config);
  Listener listener;
  worker.Start(MadeWork(), listener);
  worker.Kill();
  EXPECT_EQ(listener.Wait().status().id(), errors::kCancelled);
}

TEST_F(ProcessWorkerTest, KillBetweenTwoPiecesDoesNotReachTheSecond) {
  ProcessWorkerClient worker(*launcher_, {});
  for (int i = 0; i < 5; ++i) {
    Listener listener;
    worker.Start(MadeWork(), listener);
    EXPECT_TRUE(listener.Wait().ok());
    worker.Kill();
  }
}

TEST_F(ProcessWorkerTest, DestructorEndsTheWorkAndItsHandlerHears) {
  Listener listener;
  {
    ProcessWorkerConfig config = BadIn("hangs");
    config.stop_patience = 100ms;
    ProcessWorkerClient worker(*launcher_, config);
    worker.Start(MadeWork(), listener);
  }
  EXPECT_EQ(listener.Wait().status().id(), errors::kCancelled);
}

TEST_F(ProcessWorkerTest, MissingProgramIsNamed) {
  const auto launcher = Launcher::Start("/no/such/cairn-worker").value();
  ProcessWorkerClient worker(*launcher, {});
  Listener listener;
  worker.Start(MadeWork(), listener);
  EXPECT_EQ(listener.Wait().status().id(), errors::kWorkerMissing);
}

}  // namespace
}  // namespace cairn
