#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <thread>
#include <vector>

#include "cairn/v1/federation.grpc.pb.h"
#include "core/base/crc32c.h"
#include "net_parts.h"
#include "privacy/crypto/sha256.h"
#include "protocol/grpc/credentials.h"
#include "protocol/grpc/dial.h"
#include "protocol/transport/chunks.h"

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

void SendRaw(const SendOrder& order, const std::function<void()>& ready_then_go) {
  const std::vector<float> numbers(static_cast<std::size_t>(order.parameters), 0.5f);
  const auto bytes = std::as_bytes(std::span(numbers));
  struct Sender {
    std::unique_ptr<v1::Federation::Stub> stub;
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReaderWriter<v1::ClientFrame, v1::ServerFrame>> stream;
  };
  std::vector<Sender> senders(static_cast<std::size_t>(order.clients));
  for (int i = 0; i < order.clients; ++i) {
    auto channel =
        Dial({{"127.0.0.1", order.port}, "heartnet", FilesOf(order.folder, "site-" + std::to_string(i))});
    channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30));
    senders[static_cast<std::size_t>(i)].stub = v1::Federation::NewStub(channel);
    senders[static_cast<std::size_t>(i)].stream =
        senders[static_cast<std::size_t>(i)].stub->Session(&senders[static_cast<std::size_t>(i)].context);
  }
  ready_then_go();
  std::vector<std::jthread> threads;
  for (Sender& sender : senders) {
    threads.emplace_back([&sender, bytes] {
      Sha256 hash;
      v1::ClientFrame frame;
      for (std::uint64_t at = 0; at < bytes.size();) {
        const ChunkView chunk = ChunkAt(bytes, at);
        hash.Update(chunk.data);
        frame.mutable_chunk()->set_offset(at);
        frame.mutable_chunk()->set_crc32c(chunk.crc32c);
        frame.mutable_chunk()->set_data(chunk.data.data(), chunk.data.size());
        sender.stream->Write(frame);
        at += chunk.data.size();
      }
      static_cast<void>(std::move(hash).Finish());
      sender.stream->WritesDone();
      sender.stream->Finish();
    });
  }
}

}  // namespace cairn::bench
