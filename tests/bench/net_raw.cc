#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "cairn/v1/federation.grpc.pb.h"
#include "core/base/crc32c.h"
#include "net_parts.h"
#include "privacy/crypto/sha256.h"
#include "protocol/grpc/credentials.h"

namespace cairn::bench {

class RawServer::Service final : public v1::Federation::Service {
 public:
  explicit Service(std::function<void()> on_object) : on_object_(std::move(on_object)) {}
  grpc::Status Session(grpc::ServerContext*,
                       grpc::ServerReaderWriter<v1::ServerFrame, v1::ClientFrame>* stream) override {
    Sha256 hash;
    v1::ClientFrame frame;
    while (stream->Read(&frame)) {
      const auto data = std::as_bytes(std::span(frame.chunk().data()));
      if (Crc32c(data) != frame.chunk().crc32c()) return grpc::Status(grpc::StatusCode::DATA_LOSS, "crc");
      hash.Update(data);
    }
    static_cast<void>(std::move(hash).Finish());
    on_object_();
    return grpc::Status::OK;
  }

 private:
  const std::function<void()> on_object_;
};

struct RawServer::Parts {
  explicit Parts(std::function<void()> on_object) : service(std::move(on_object)) {}
  Service service;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

RawServer::RawServer(const TlsFiles& files, std::function<void()> on_object)
    : parts_(std::make_unique<Parts>(std::move(on_object))) {
  grpc::ServerBuilder builder;
  builder.RegisterService(&parts_->service);
  builder.AddListeningPort("127.0.0.1:0", NewServerCredentials(files), &parts_->port);
  parts_->server = builder.BuildAndStart();
}
RawServer::~RawServer() { parts_->server->Shutdown(); }
std::uint16_t RawServer::port() const { return static_cast<std::uint16_t>(parts_->port); }

}  // namespace cairn::bench
