// Any bytes on a daemon's admin socket: whole messages come out, within their limits, the same
// however the bytes are cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/runtime/asio/local_protocol.h"

namespace {

constexpr std::uint64_t kMaxAttachment = 4096;

// Everything a reader takes out of the stream, in pieces of this size, as one text.
std::string Transcript(std::string_view stream, std::size_t piece) {
  cairn::LocalMessageReader reader(kMaxAttachment);
  std::string seen;
  while (!stream.empty()) {
    std::string_view bytes = stream.substr(0, piece);
    stream.remove_prefix(bytes.size());
    while (!bytes.empty()) {
      const auto step = reader.Read(bytes);
      if (!step.ok()) return seen + "refused";
      if (step.value() == cairn::LocalMessageReader::Step::kEnd) seen += "end\n";
      if (step.value() != cairn::LocalMessageReader::Step::kMessage) continue;
      const cairn::LocalMessage message = reader.Take();
      if (message.text.empty() || message.attachment.size() > kMaxAttachment) std::abort();
      seen += message.text + "\n" + std::string(message.attachment) + "\n";
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  if (Transcript(stream, 1) != Transcript(stream, size == 0 ? 1 : size)) std::abort();
  return 0;
}
