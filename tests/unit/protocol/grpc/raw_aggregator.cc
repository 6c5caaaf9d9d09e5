#include "raw_aggregator.h"

#include <grpcpp/server_builder.h>

#include <chrono>
#include <utility>

#include "protocol/grpc/credentials.h"
#include "protocol/grpc/grpc_setup.h"
#include "protocol/messages/codec.h"

namespace cairn {

RawAggregator::RawAggregator(const TlsFiles& files, Script script) : script_(std::move(script)) {
  PrepareGrpc();
  grpc::ServerBuilder builder;
  builder.RegisterService(this);
  builder.AddListeningPort("127.0.0.1:0", NewServerCredentials(files), &port_);
  server_ = builder.BuildAndStart();
}
RawAggregator::~RawAggregator() {
  server_->Shutdown(std::chrono::system_clock::now());  // a call still open is cancelled
  server_->Wait();
}

bool RawAggregator::Say(Stream& stream, const ServerMessage& message) {
  v1::ServerFrame frame;
  frame.set_control(Encode(message));
  return stream.Write(frame);
}

void RawAggregator::AwaitEnd(Stream& stream) {
  v1::ClientFrame frame;
  while (stream.Read(&frame)) {
  }
}

grpc::Status RawAggregator::Session(grpc::ServerContext*, Stream* stream) {
  script_(*stream);
  return grpc::Status::OK;
}

}  // namespace cairn
