#include "client/worker/worker_server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "client/learning/linear_task.h"
#include "core/runtime/child/self_test.h"
#include "core/runtime/frame_pipe.h"
#include "core/runtime/shared_memory.h"
#include "core/tensor/update.h"
#include "made_work.h"
#include "protocol/messages/work_codec.h"

namespace cairn {
namespace {

using Event = FramePipe::Event;

TimePoint Later() { return SteadyClock().Now() + Duration(std::chrono::minutes(1)); }

TEST(WorkerArgumentsTest, WordsOfTheAgentAreUnderstoodAndOthersNamed) {
  const auto config =
      ParseWorkerArguments(std::vector<std::string>{"--sandbox=best-effort", "--must-not-read=/k"});
  EXPECT_EQ(config.value().sandbox, SandboxMode::kBestEffort);
  EXPECT_EQ(config.value().must_not_read, std::vector<std::filesystem::path>{"/k"});
  const auto unknown = ParseWorkerArguments(std::vector<std::string>{"--sandbox=none"});
  EXPECT_EQ(unknown.status().id(), errors::kUsage);
  EXPECT_NE(unknown.status().what().find("--sandbox=none"), std::string::npos);
}

TEST(SelfTestTest, UnconfinedProcessFailsIt) {
  EXPECT_EQ(ProveConfinement(SandboxMode::kRequired, {}).status().id(), errors::kConfinementFailed);
}

// A worker on a thread of this process, without a sandbox, and the agent's ends of its pipes.
class WorkerServerTest : public testing::Test {
 protected:
  void SetUp() override {
    int requests[2], replies[2];
    ASSERT_EQ(pipe(requests) + pipe(replies), 0);
    config_ = {.sandbox = SandboxMode::kBestEffort,
               .must_not_read = {},
               .requests = requests[0],
               .replies = replies[1],
               .model = dup(model_.fd()),
               .update = dup(update_.fd())};
    pipe_.emplace(UniqueFd(replies[0]), UniqueFd(requests[1]));
  }
  void Serve() {
    server_ = std::jthread([this] {
      const WorkerParts parts{&tasks_, MadeData};
      status_ = ServeWorker(config_, parts);
    });
  }
  Status End() {
    pipe_.reset();
    server_.join();
    return status_;
  }
  Result<WorkerFrame> Hear() {
    std::string bytes;
    CAIRN_ASSIGN_OR_RETURN(const Event event, pipe_->Read(bytes, Later()));
    if (event != Event::kFrame) return Status(errors::kNetLost, "no frame");
    return DecodeWorkerFrame(bytes);
  }
  void Say(const std::string& frame) { EXPECT_EQ(pipe_->Write(frame, Later()), Event::kFrame); }

  WorkRequest request_ = MadeWork();
  SharedMemory model_ = SharedMemory::Create("model", request_.model->values.bytes().size()).value();
  SharedMemory update_ =
      SharedMemory::Create("update", LayoutOf(request_.model->values.spec()).byte_size()).value();
  LinearTaskFactory tasks_;
  WorkerConfig config_;
  std::optional<FramePipe> pipe_;
  Status status_;
  std::jthread server_;
};

TEST_F(WorkerServerTest, SaysItIsReadyAndEndsWhenTheAgentHangsUp) {
  Serve();
  EXPECT_TRUE(std::holds_alternative<WorkerReady>(Hear().value()));
  EXPECT_TRUE(End().ok());
}

TEST_F(WorkerServerTest, EndsWhenToldToStop) {
  Serve();
  ASSERT_TRUE(Hear().ok());
  Say(EncodeStopWork());
  server_.join();
  EXPECT_TRUE(status_.ok());
}

TEST_F(WorkerServerTest, UnconfinedWorkerThatMustBeConfinedSaysSoAndServesNothing) {
  config_.sandbox = SandboxMode::kRequired;
  Serve();
  const auto frame = Hear();
  ASSERT_TRUE(std::holds_alternative<WorkFailed>(frame.value()));
  EXPECT_EQ(std::get<WorkFailed>(frame.value()).status.id(), errors::kConfinementFailed);
  server_.join();
  EXPECT_EQ(status_.id(), errors::kConfinementFailed);
}

TEST_F(WorkerServerTest, FrameThatIsNoRequestEndsTheWorker) {
  Serve();
  ASSERT_TRUE(Hear().ok());
  Say(EncodeWorkProgress({1}));
  EXPECT_TRUE(std::holds_alternative<WorkFailed>(Hear().value()));
  server_.join();
  EXPECT_EQ(status_.id(), errors::kWorkerProtocol);
}

TEST_F(WorkerServerTest, MemoryOfAnotherSizeIsRefused) {
  const auto small = SharedMemory::Create("model", 1).value();
  close(config_.model);
  config_.model = dup(small.fd());
  Serve();
  ASSERT_TRUE(Hear().ok());
  Say(EncodeWorkRequest(request_));
  const auto frame = Hear();
  ASSERT_TRUE(std::holds_alternative<WorkFailed>(frame.value()));
  EXPECT_EQ(std::get<WorkFailed>(frame.value()).status.id(), errors::kWorkerProtocol);
  EXPECT_TRUE(End().ok());
}

}  // namespace
}  // namespace cairn
