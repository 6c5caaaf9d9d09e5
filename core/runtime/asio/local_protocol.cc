#include "core/runtime/asio/local_protocol.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace cairn {
namespace {

void AppendNumber(std::string& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

Status Malformed(const std::string& what) {
  return Status(errors::kNetProtocol, "the local connection carries " + what);
}

}  // namespace

std::string EncodeLocalMessage(const LocalMessage& message) {
  CAIRN_CHECK(!message.text.empty() && message.text.size() <= kMaxLocalText,
              "a local message has 1 to 4 MiB of text");
  std::string out;
  out.reserve(message.text.size() + message.attachment.size() + 64);
  AppendNumber(out, message.text.size(), 4);
  out += message.text;
  AppendNumber(out, message.attachment.size(), 8);
  std::string_view rest = message.attachment;
  while (!rest.empty()) {
    const auto chunk = rest.substr(0, kMaxLocalChunk);
    AppendNumber(out, chunk.size(), 4);
    out += chunk;
    rest.remove_prefix(chunk.size());
  }
  return out;
}

std::string EncodeLocalEnd() { return std::string(4, '\0'); }

bool LocalMessageReader::ReadNumber(std::string_view& bytes, std::size_t width) {
  while (header_size_ < width && !bytes.empty()) {
    header_[header_size_++] = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
  }
  if (header_size_ < width) return false;
  number_ = 0;
  for (std::size_t i = 0; i < width; ++i) number_ |= std::uint64_t{header_[i]} << (8 * i);
  header_size_ = 0;
  return true;
}

// Memory grows with the bytes that came, not with the bytes that were promised.
std::string_view LocalMessageReader::TakePart(std::string_view& bytes) {
  const auto part = bytes.substr(0, std::min<std::uint64_t>(wanted_, bytes.size()));
  wanted_ -= part.size();
  bytes.remove_prefix(part.size());
  return part;
}

Status LocalMessageReader::StartText() {
  if (number_ > kMaxLocalText) {
    return Malformed("a text of " + std::to_string(number_) + " bytes, at most " +
                     std::to_string(kMaxLocalText));
  }
  wanted_ = number_;
  state_ = State::kText;
  return Status::Ok();
}

Status LocalMessageReader::StartAttachment() {
  if (number_ > max_attachment_) {
    return Malformed("an attachment of " + std::to_string(number_) + " bytes, at most " +
                     std::to_string(max_attachment_));
  }
  remaining_ = number_;
  state_ = remaining_ == 0 ? State::kDone : State::kChunkLength;
  return Status::Ok();
}

Status LocalMessageReader::StartChunk() {
  if (number_ == 0 || number_ > kMaxLocalChunk || number_ > remaining_) {
    return Malformed("a chunk of " + std::to_string(number_) + " bytes where " + std::to_string(remaining_) +
                     " are to come");
  }
  wanted_ = number_;
  remaining_ -= number_;
  state_ = State::kChunk;
  return Status::Ok();
}

Result<LocalMessageReader::Step> LocalMessageReader::ReadOnce(std::string_view& bytes) {
  switch (state_) {
    case State::kTextLength:
      if (!ReadNumber(bytes, 4)) return Step::kNeedsMore;
      if (number_ == 0) return Step::kEnd;
      CAIRN_RETURN_IF_ERROR(StartText());
      break;
    case State::kText:
      message_.text += TakePart(bytes);
      if (wanted_ == 0) state_ = State::kTotal;
      break;
    case State::kTotal:
      if (!ReadNumber(bytes, 8)) return Step::kNeedsMore;
      CAIRN_RETURN_IF_ERROR(StartAttachment());
      break;
    case State::kChunkLength:
      if (!ReadNumber(bytes, 4)) return Step::kNeedsMore;
      CAIRN_RETURN_IF_ERROR(StartChunk());
      break;
    case State::kChunk:
      message_.attachment.Append(TakePart(bytes));
      if (wanted_ == 0) state_ = remaining_ == 0 ? State::kDone : State::kChunkLength;
      break;
    case State::kDone:
      break;
  }
  return state_ == State::kDone ? Step::kMessage : Step::kNeedsMore;
}

Result<LocalMessageReader::Step> LocalMessageReader::Read(std::string_view& bytes) {
  while (!bytes.empty()) {
    auto step = ReadOnce(bytes);
    if (!step.ok() || *step != Step::kNeedsMore) return step;
  }
  return state_ == State::kDone ? Step::kMessage : Step::kNeedsMore;
}

LocalMessage LocalMessageReader::Take() {
  CAIRN_CHECK(state_ == State::kDone, "no whole message is here");
  state_ = State::kTextLength;
  return std::exchange(message_, {});
}

}  // namespace cairn
