#pragma once

#include <grpcpp/server.h>

#include <functional>
#include <memory>

#include "cairn/v1/federation.grpc.pb.h"
#include "privacy/crypto/tls_files.h"
#include "protocol/messages/messages.h"

namespace cairn {

// An aggregator that says whatever a test tells it to, to any site: the hostile or broken one. A session
// lasts until its script returns.
class RawAggregator final : public v1::Federation::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::ServerFrame, v1::ClientFrame>;
  using Script = std::function<void(Stream&)>;

  RawAggregator(const TlsFiles& files, Script script);
  ~RawAggregator() override;
  std::uint16_t port() const { return static_cast<std::uint16_t>(port_); }

  // False when the site has gone.
  static bool Say(Stream& stream, const ServerMessage& message);
  // Returns when the site has ended its call.
  static void AwaitEnd(Stream& stream);

 private:
  grpc::Status Session(grpc::ServerContext*, Stream* stream) override;

  const Script script_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace cairn
