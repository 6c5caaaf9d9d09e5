#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/wiped_text.h"

// How a command and a daemon of the same machine speak over a Unix-domain socket:
//
//   message    = length (u32) text attachment
//   attachment = total (u64) chunk*            chunks hold `total` bytes together; total 0 has none
//   chunk      = length (u32) bytes            1 to 1 MiB
//   request    = message
//   answer     = message* end                  end is a length of zero: a text is never empty
//
// Numbers are little-endian; the text is JSON, at most 4 MiB. After the end another request may follow.

namespace cairn {

inline constexpr std::uint32_t kMaxLocalText = 4 << 20;
inline constexpr std::uint32_t kMaxLocalChunk = 1 << 20;
inline constexpr std::size_t kMaxSocketPath = 107;  // sockaddr_un holds 108 bytes with the zero

struct LocalMessage {
  std::string text;      // JSON
  WipedText attachment;  // any bytes, also a passphrase
};

std::string EncodeLocalMessage(const LocalMessage& message);
std::string EncodeLocalEnd();

// Puts a stream of bytes together, in whatever pieces it arrives.
class LocalMessageReader {
 public:
  enum class Step : std::uint8_t { kNeedsMore, kMessage, kEnd };

  // Attachments beyond `max_attachment` bytes are refused.
  explicit LocalMessageReader(std::uint64_t max_attachment) : max_attachment_(max_attachment) {}

  // Takes bytes from the front of `bytes`, up to the end of one message. An error means the stream is
  // worthless from here on.
  Result<Step> Read(std::string_view& bytes);
  // After kMessage; the reader then expects the next one.
  LocalMessage Take();
  // Whether the stream may end here: between two messages.
  bool is_between_messages() const { return state_ == State::kTextLength && header_size_ == 0; }

 private:
  enum class State : std::uint8_t { kTextLength, kText, kTotal, kChunkLength, kChunk, kDone };

  bool ReadNumber(std::string_view& bytes, std::size_t width);
  std::string_view TakePart(std::string_view& bytes);
  Result<Step> ReadOnce(std::string_view& bytes);
  Status StartText();
  Status StartAttachment();
  Status StartChunk();

  const std::uint64_t max_attachment_;
  State state_ = State::kTextLength;
  std::array<unsigned char, 8> header_{};
  std::size_t header_size_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t wanted_ = 0;     // bytes of the current text or chunk still to come
  std::uint64_t remaining_ = 0;  // bytes of the attachment in chunks to come
  LocalMessage message_;
};

}  // namespace cairn
