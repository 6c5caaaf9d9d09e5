#include "protocol/grpc/grpc_client_channel.h"

#include <chrono>
#include <condition_variable>
#include <utility>

#include "protocol/grpc/client_session.h"
#include "protocol/grpc/dial.h"
#include "protocol/grpc/grpc_setup.h"

namespace cairn {

class GrpcClientChannel::Core {
 public:
  Core(DialTarget peer, std::unique_ptr<FileBlobStore> cache) : peer_(std::move(peer)), lanes_(1) {
    shelf_.cache = std::move(cache);
  }

  ~Core() {
    std::unique_lock lock(mutex_);
    if (session_ != nullptr) session_->Cancel();
    ended_.wait(lock, [this] { return session_ == nullptr; });
    lock.unlock();
    lanes_.Drain();
  }

  void Open(ClientHandler& handler) {
    const std::lock_guard lock(mutex_);
    CAIRN_CHECK(session_ == nullptr, "Open comes after OnClose of the last session");
    session_ = ClientSession::Start({.channel = Dial(peer_),
                                     .handler = handler,
                                     .shelf = shelf_,
                                     .lanes = lanes_,
                                     .diagnose = [this] { return Diagnose(peer_); },
                                     .on_done = [this] { Ended(); }});
  }

  std::shared_ptr<ClientSession> session() const {
    const std::lock_guard lock(mutex_);
    return session_;
  }
  ClientShelf& shelf() { return shelf_; }

 private:
  void Ended() {
    const std::lock_guard lock(mutex_);
    session_.reset();
    ended_.notify_all();
  }

  const DialTarget peer_;
  ClientShelf shelf_;
  LanePool lanes_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::shared_ptr<ClientSession> session_;  // guarded by mutex_
};

Result<std::unique_ptr<GrpcClientChannel>> GrpcClientChannel::Create(GrpcClientConfig config) {
  PrepareGrpc();
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  CAIRN_ASSIGN_OR_RETURN(const Certificate certificate, CheckTlsFiles(config.tls, now));
  CAIRN_RETURN_IF_ERROR(certificate.identity().status());
  CAIRN_ASSIGN_OR_RETURN(auto cache, FileBlobStore::Create({.folder = config.cache_dir}));
  DialTarget peer{config.aggregator, config.federation, config.tls, config.proxy, config.stall_timeout};
  return std::unique_ptr<GrpcClientChannel>(
      new GrpcClientChannel(std::make_unique<Core>(std::move(peer), std::move(cache))));
}

GrpcClientChannel::GrpcClientChannel(std::unique_ptr<Core> core) : core_(std::move(core)) {}
GrpcClientChannel::~GrpcClientChannel() = default;

void GrpcClientChannel::Open(ClientHandler& handler) { core_->Open(handler); }
void GrpcClientChannel::Send(ClientMessage message) {
  if (const auto session = core_->session()) session->Send(std::move(message));
}
void GrpcClientChannel::Close() {
  if (const auto session = core_->session()) session->Close();
}
void GrpcClientChannel::LearnJob(JobId job, ParameterSpec spec) {
  const std::lock_guard lock(core_->shelf().mutex);
  core_->shelf().specs[job] = std::move(spec);
}

GrpcClientCounters GrpcClientChannel::counters() const {
  const ClientCounts& c = core_->shelf().counts;
  return {.bytes_sent = c.bytes_sent,
          .bytes_received = c.bytes_received,
          .bytes_skipped = c.bytes_skipped,
          .resent_chunks = c.resent_chunks};
}

}  // namespace cairn
