#pragma once

#include <grpcpp/client_context.h>

#include <memory>
#include <optional>

#include "cairn/v1/federation.grpc.pb.h"
#include "protocol/grpc/dial.h"
#include "protocol/messages/codec.h"

namespace cairn {

// A site that writes whatever frames it likes: the hostile or broken peer of tests. Reads end with the call,
// which has a deadline.
class RawSite {
 public:
  explicit RawSite(const DialTarget& target);
  ~RawSite();

  void Write(const v1::ClientFrame& frame) { stream_->Write(frame); }
  void Say(const ClientMessage& message, const UpdateTerms& terms = {});
  void Offer(const BlobRef& ref, JobId job);
  // `crc_change` is xored into the right checksum.
  void SendChunk(const BlobRef& ref, std::span<const std::byte> data, std::uint32_t crc_change = 0);
  // The next frame; none when the aggregator has ended the call.
  std::optional<v1::ServerFrame> Read();
  // The reason the aggregator gave before it ended the call.
  std::optional<Refusal> ReadRefusal();

 private:
  std::unique_ptr<v1::Federation::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ClientFrame, v1::ServerFrame>> stream_;
};

}  // namespace cairn
