#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "protocol/grpc/frames.h"
#include "protocol/grpc/grpc_server.h"
#include "protocol/grpc/received_frame.h"
#include "protocol/grpc/strand.h"
#include "protocol/messages/codec.h"
#include "protocol/transport/file_blob_store.h"

// One site's call, at the aggregator. Inside of protocol/grpc.

namespace cairn {

// Frames as bytes: decoding is ours (ReceivedFrame).
using SessionReactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;
grpc::ByteBuffer ToBytes(const v1::ServerFrame& frame);

struct ServerCounts {
  std::atomic<std::uint64_t> sessions{0}, refused_peers{0}, bytes_received{0}, bytes_sent{0}, resumed{0},
      corrupt_chunks{0}, bad_objects{0}, faults{0};
};

// What a session needs of its server. All of it outlives the session but for the store, which is shared.
struct SessionParts {
  SessionId id;
  PeerIdentity peer;
  std::string certificate_pem;
  ServerHandler& handler;
  const BlobCatalog& catalog;
  std::shared_ptr<FileBlobStore> store;  // this site's; uploads in use keep it
  ServerCounts& counts;
  LanePool& lanes;
  std::function<void(SessionId, bool banned)> on_end;  // once; `banned` after too many faults
};

// Everything but the four callbacks of gRPC runs on the session's strand. Owned by itself from
// construction to OnDone, and by whoever holds a handle besides.
class ServerSession final : public SessionReactor, public std::enable_shared_from_this<ServerSession> {
 public:
  static std::shared_ptr<ServerSession> Start(SessionParts parts);

  SessionId id() const { return parts_.id; }
  const PeerIdentity& peer() const { return parts_.peer; }
  const std::string& certificate_pem() const { return parts_.certificate_pem; }

  // Thread-safe.
  void Send(ServerMessage message);
  void Close(Status reason);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  explicit ServerSession(SessionParts parts);
  void Post(std::function<void()> job);

  void HandleRead(bool ok);
  Status HandleFrame();
  Status HandleControl(const std::string& bytes);
  Status HandleHello(const Hello& hello);
  Status HandleOffer(const v1::Offer& offer);
  Status HandleChunk(const v1::Chunk& head, Pieces data);
  Status HandleFetch(const v1::Fetch& fetch);
  Result<std::unique_ptr<BlobWriter>> MakeRoom(const BlobRef& ref);
  void AttachUpdate(Report& report, const UpdateTerms& terms);
  Result<UpdateHandle> TakeUpdate(const Report& report, const UpdateTerms& terms);
  Result<RingHandle> TakeMasked(const Report& report, const UpdateTerms& terms);
  void FinishUpload();
  void RefuseUpload(const BlobRef& ref, Status fault);
  Status CountFault(Status fault);

  void PushControl(std::string bytes);
  void Push(v1::ServerFrame frame);
  void WriteNext();
  void End(Status reason, bool tell);
  void FinishWhenFlushed();

  const SessionParts parts_;
  const std::shared_ptr<Strand> strand_;
  std::shared_ptr<ServerSession> self_;  // until OnDone

  ReceivedFrame in_;
  grpc::ByteBuffer next_, out_;  // what gRPC reads while in_ is handled, and what it writes
  Outbox<v1::ServerFrame> outbox_;
  std::optional<ChunkAssembler> upload_;
  std::shared_ptr<const bool> open_ = std::make_shared<bool>();  // gone once the session has ended
  std::map<BlobRef, Status> refused_;  // uploads that will not be taken, until their report comes
  Status end_reason_;
  int faults_ = 0;
  bool is_greeted_ = false, is_refused_ = false, is_writing_ = false;
  bool is_ended_ = false, is_finished_ = false, is_dead_ = false;
};

}  // namespace cairn
