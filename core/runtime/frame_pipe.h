#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/runtime/unique_fd.h"

namespace cairn {

// Frames over a pair of pipes: length (u32, little-endian, 1 to the limit), bytes. Both ends distrust
// each other: a frame too long, empty or cut off is kWorkerProtocol, and nothing is allocated for a
// length before its bytes come. Every wait has a deadline and may be woken. SIGPIPE must be ignored.
// Reading and writing may happen on two threads.
class FramePipe {
 public:
  static constexpr std::size_t kMaxFrame = std::size_t{1} << 20;

  enum class Event : std::uint8_t { kFrame, kClosed, kTimeout, kWoken };

  // Takes both descriptors and makes them non-blocking. `wake` is borrowed: when it becomes readable, waiting
  // ends; -1 for none.
  FramePipe(UniqueFd from, UniqueFd to, int wake = -1);

  // kFrame: `frame` holds one; after kTimeout and kWoken, what has come of a frame is kept for the next call.
  Result<Event> Read(std::string& frame, TimePoint deadline);
  // kFrame: all is written. After kTimeout or kWoken the pipe is of no further use for writing.
  Event Write(std::string_view frame, TimePoint deadline);

  // Whether a Read would find something, be it the end.
  bool has_input() const;

 private:
  Event WaitFor(int fd, short what, TimePoint deadline) const;
  Result<Event> Fill(std::size_t size, TimePoint deadline);

  UniqueFd from_, to_;
  int wake_;
  std::string incoming_;  // header and bytes of the frame under way
};

}  // namespace cairn
