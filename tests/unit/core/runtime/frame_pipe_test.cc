#include "core/runtime/frame_pipe.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <thread>

namespace cairn {
namespace {

using Event = FramePipe::Event;

TimePoint Now() { return SteadyClock().Now(); }
TimePoint Later() { return Now() + Duration(std::chrono::minutes(1)); }

class FramePipeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    int there[2], back[2];
    ASSERT_EQ(pipe2(there, O_CLOEXEC) + pipe2(back, O_CLOEXEC), 0);
    near_.emplace(UniqueFd(back[0]), UniqueFd(there[1]), wake_.get());
    raw_from_.Reset(there[0]);
    raw_to_.Reset(back[1]);
  }
  // The far end as a FramePipe, where the test does not speak bytes.
  FramePipe Far() { return FramePipe(std::move(raw_from_), std::move(raw_to_)); }
  void SendRaw(std::string_view bytes) {
    ASSERT_EQ(write(raw_to_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  UniqueFd wake_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::optional<FramePipe> near_;
  UniqueFd raw_from_, raw_to_;
  std::string frame_;
};

TEST_F(FramePipeTest, FramesOfAllSizesArriveWhole) {
  FramePipe far = Far();
  for (const std::size_t size : {std::size_t{1}, std::size_t{65535}, FramePipe::kMaxFrame}) {
    std::jthread writer([&] { EXPECT_EQ(far.Write(std::string(size, 'f'), Later()), Event::kFrame); });
    ASSERT_EQ(near_->Read(frame_, Later()).value(), Event::kFrame);
    EXPECT_EQ(frame_, std::string(size, 'f'));
  }
}

TEST_F(FramePipeTest, LengthOfZeroOrBeyondTheLimitIsRefused) {
  using namespace std::string_literals;
  SendRaw("\0\0\0\0"s);
  EXPECT_EQ(near_->Read(frame_, Later()).status().id(), errors::kWorkerProtocol);
  SetUp();
  SendRaw("\1\0\x10\0"s);  // 1 MiB and one byte
  EXPECT_EQ(near_->Read(frame_, Later()).status().id(), errors::kWorkerProtocol);
}

TEST_F(FramePipeTest, EndBetweenFramesIsClosedAndEndInsideIsAFault) {
  SendRaw(std::string_view("\3\0\0\0ab", 6));
  raw_to_.Reset();
  EXPECT_EQ(near_->Read(frame_, Later()).status().id(), errors::kWorkerProtocol);
  SetUp();
  raw_to_.Reset();
  EXPECT_EQ(near_->Read(frame_, Later()).value(), Event::kClosed);
  raw_from_.Reset();
  EXPECT_EQ(near_->Write("x", Later()), Event::kClosed);
}

TEST_F(FramePipeTest, TimeoutAndWakeKeepWhatHasComeOfAFrame) {
  SendRaw(std::string_view("\3\0\0\0a", 5));
  EXPECT_EQ(near_->Read(frame_, Now()).value(), Event::kTimeout);
  eventfd_write(wake_.get(), 1);
  EXPECT_EQ(near_->Read(frame_, Later()).value(), Event::kWoken);
  SendRaw("bc");
  ASSERT_EQ(near_->Read(frame_, Later()).value(), Event::kFrame);
  EXPECT_EQ(frame_, "abc");
}

TEST_F(FramePipeTest, WriteToAReaderThatDoesNotReadTimesOut) {
  EXPECT_EQ(near_->Write(std::string(FramePipe::kMaxFrame, 'x'), Now()), Event::kTimeout);
}

}  // namespace
}  // namespace cairn
