#include "core/runtime/frame_pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "core/base/check.h"

namespace cairn {
namespace {

constexpr std::size_t kHeader = 4;
constexpr std::size_t kStep = 64 * 1024;  // what a pipe holds

void MakeNonBlocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

int MillisecondsUntil(TimePoint deadline) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(deadline - SteadyClock().Now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

std::uint32_t LengthOf(std::string_view header) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < kHeader; ++i)
    length |= std::uint32_t{static_cast<unsigned char>(header[i])} << (8 * i);
  return length;
}

}  // namespace

FramePipe::FramePipe(UniqueFd from, UniqueFd to, int wake)
    : from_(std::move(from)), to_(std::move(to)), wake_(wake) {
  MakeNonBlocking(from_.get());
  MakeNonBlocking(to_.get());
}

FramePipe::Event FramePipe::WaitFor(int fd, short what, TimePoint deadline) const {
  pollfd events[] = {{fd, what, 0}, {wake_, POLLIN, 0}};  // a negative descriptor is passed over
  int ready = 0;
  do ready = poll(events, 2, MillisecondsUntil(deadline));
  while (ready < 0 && errno == EINTR);
  if (events[1].revents != 0) return Event::kWoken;
  return ready > 0 ? Event::kFrame : Event::kTimeout;
}

bool FramePipe::has_input() const {
  pollfd event{from_.get(), POLLIN, 0};
  return poll(&event, 1, 0) > 0;
}

// Reads until `size` bytes are in incoming_.
Result<FramePipe::Event> FramePipe::Fill(std::size_t size, TimePoint deadline) {
  char buffer[kStep];
  while (incoming_.size() < size) {
    const ssize_t n = read(from_.get(), buffer, std::min(sizeof buffer, size - incoming_.size()));
    if (n > 0) {
      incoming_.append(buffer, static_cast<std::size_t>(n));
    } else if (n == 0) {
      if (incoming_.empty()) return Event::kClosed;
      return Status(errors::kWorkerProtocol, "the pipe ended inside a frame");
    } else if (errno == EAGAIN) {
      if (const Event event = WaitFor(from_.get(), POLLIN, deadline); event != Event::kFrame) return event;
    } else if (errno != EINTR) {
      return Event::kClosed;
    }
  }
  return Event::kFrame;
}

Result<FramePipe::Event> FramePipe::Read(std::string& frame, TimePoint deadline) {
  CAIRN_ASSIGN_OR_RETURN(Event event, Fill(kHeader, deadline));
  if (event != Event::kFrame) return event;
  const std::uint32_t length = LengthOf(incoming_);
  if (length == 0 || length > kMaxFrame) {
    return Status(errors::kWorkerProtocol, "a frame of " + std::to_string(length) + " bytes, expected 1 to " +
                                               std::to_string(kMaxFrame));
  }
  CAIRN_ASSIGN_OR_RETURN(event, Fill(kHeader + length, deadline));
  if (event != Event::kFrame) return event;
  frame = incoming_.substr(kHeader);
  incoming_.clear();
  return Event::kFrame;
}

FramePipe::Event FramePipe::Write(std::string_view frame, TimePoint deadline) {
  CAIRN_CHECK(!frame.empty() && frame.size() <= kMaxFrame, "a frame has 1 byte to 1 MiB");
  std::string bytes;
  for (std::size_t i = 0; i < kHeader; ++i) bytes.push_back(static_cast<char>(frame.size() >> (8 * i)));
  bytes += frame;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const ssize_t n = write(to_.get(), rest.data(), rest.size());
    if (n >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      if (const Event event = WaitFor(to_.get(), POLLOUT, deadline); event != Event::kFrame) return event;
    } else if (errno != EINTR) {
      return Event::kClosed;
    }
  }
  return Event::kFrame;
}

}  // namespace cairn
