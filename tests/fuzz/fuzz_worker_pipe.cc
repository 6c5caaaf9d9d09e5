// Any bytes on the pipe between an agent and its worker: frames come out whole and are decoded or
// refused, and nothing follows a refusal.
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/runtime/frame_pipe.h"
#include "protocol/messages/work_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kPipeHolds = 64 * 1024;
  if (size > kPipeHolds) return 0;
  int there[2], back[2];
  if (pipe2(there, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0) std::abort();
  if (write(there[1], data, size) != static_cast<ssize_t>(size)) std::abort();
  close(there[1]);
  close(back[0]);
  cairn::FramePipe pipe((cairn::UniqueFd(there[0])), cairn::UniqueFd(back[1]));
  std::string frame;
  while (true) {
    const auto event = pipe.Read(frame, {});
    if (!event.ok()) {
      if (event.status().id() != cairn::errors::kWorkerProtocol) std::abort();
      break;
    }
    if (event.value() != cairn::FramePipe::Event::kFrame) break;
    if (frame.empty() || frame.size() > size) std::abort();
    const auto decoded = cairn::DecodeWorkerFrame(frame);
    if (!decoded.ok() && decoded.status().id() != cairn::errors::kWorkerProtocol) std::abort();
  }
  return 0;
}
