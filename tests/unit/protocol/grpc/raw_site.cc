#include "raw_site.h"

#include <chrono>

#include "protocol/grpc/frames.h"
#include "protocol/grpc/grpc_setup.h"

namespace cairn {
namespace {

constexpr std::chrono::seconds kPatience{60};

}  // namespace

RawSite::RawSite(const DialTarget& target) {
  PrepareGrpc();
  stub_ = v1::Federation::NewStub(Dial(target));
  context_.set_deadline(std::chrono::system_clock::now() + kPatience);
  stream_ = stub_->Session(&context_);
}
RawSite::~RawSite() {
  context_.TryCancel();
  stream_->Finish();
}

void RawSite::Say(const ClientMessage& message, const UpdateTerms& terms) {
  v1::ClientFrame frame;
  frame.set_control(Encode(message, terms));
  Write(frame);
}

void RawSite::Offer(const BlobRef& ref, JobId job) {
  v1::ClientFrame frame;
  ToFrame(ref, frame.mutable_offer()->mutable_object());
  frame.mutable_offer()->mutable_key()->set_job(job.value);
  Write(frame);
}

void RawSite::SendChunk(const BlobRef& ref, std::span<const std::byte> data, std::uint32_t crc_change) {
  v1::ClientFrame frame;
  ToFrame(ref, ChunkAt(data, 0), frame.mutable_chunk());
  frame.mutable_chunk()->set_crc32c(frame.chunk().crc32c() ^ crc_change);
  Write(frame);
}

std::optional<v1::ServerFrame> RawSite::Read() {
  v1::ServerFrame frame;
  if (!stream_->Read(&frame)) return std::nullopt;
  return frame;
}

std::optional<Refusal> RawSite::ReadRefusal() {
  while (const auto frame = Read()) {
    if (!frame->has_control()) continue;
    const auto message = DecodeServerMessage(frame->control());
    if (message.ok() && std::holds_alternative<Refusal>(*message)) return std::get<Refusal>(*message);
  }
  return std::nullopt;
}

}  // namespace cairn
