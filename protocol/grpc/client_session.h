#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "cairn/v1/federation.grpc.pb.h"
#include "protocol/grpc/frames.h"
#include "protocol/grpc/grpc_client_channel.h"
#include "protocol/grpc/inbox.h"
#include "protocol/grpc/strand.h"
#include "protocol/messages/codec.h"
#include "protocol/transport/file_blob_store.h"
#include "protocol/transport/received_update.h"

// One call to the aggregator. Inside of protocol/grpc.

namespace cairn {

struct ClientCounts {
  std::atomic<std::uint64_t> bytes_sent{0}, bytes_received{0}, bytes_skipped{0}, resent_chunks{0};
};

// What the sessions of one channel share.
struct ClientShelf {
  std::mutex mutex;
  std::map<JobId, ParameterSpec> specs;  // guarded by mutex
  ModelHandle model;                     // the last one fetched; guarded by mutex
  std::unique_ptr<FileBlobStore> cache;
  ClientCounts counts;
};

struct ClientSessionParts {
  std::shared_ptr<grpc::Channel> channel;
  ClientHandler& handler;
  ClientShelf& shelf;
  LanePool& lanes;
  std::function<Status()> diagnose;  // asked when no connection came about
  std::function<void()> on_done;     // just before OnClose
};

// Like ServerSession: gRPC's callbacks post, everything else runs on the strand.
class ClientSession final : public grpc::ClientBidiReactor<v1::ClientFrame, v1::ServerFrame>,
                            public std::enable_shared_from_this<ClientSession> {
 public:
  static std::shared_ptr<ClientSession> Start(ClientSessionParts parts);

  // Thread-safe.
  void Send(ClientMessage message);
  void Close();   // what was sent before still goes out
  void Cancel();  // at once

  void OnReadInitialMetadataDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  struct Upload {
    Report report;
    OutgoingUpdate update;  // of a masked report its terms alone: the bytes are the report's own
    int retries = 0;
    std::span<const std::byte> bytes() const {
      return report.ring != nullptr ? report.ring->bytes() : update.bytes();
    }
  };
  explicit ClientSession(ClientSessionParts parts);
  void Post(std::function<void()> job);

  void HandleRead(bool ok);
  Status HandleFrame();
  Status HandleControl(const std::string& bytes);
  Status HandleResume(const v1::ResumeAt& resume);
  Status HandleDone(const v1::Done& done);
  Status HandleUnavailable(const v1::Unavailable& unavailable);
  Status HandleChunk(const v1::Chunk& chunk);

  void StartUpload(Report report);
  void OfferFront();
  void ReportFront();

  Status DeliverInbox();
  Result<ModelHandle> FindModel(const RoundPlan& plan);
  Status Fetch(const BlobRef& ref);

  void Push(v1::ClientFrame frame);
  void WriteNext();
  void Fail(Status reason);
  void HandleDoneCall(const grpc::Status& status);
  Status CloseReason(const grpc::Status& status);

  ClientSessionParts parts_;
  const std::shared_ptr<Strand> strand_;
  std::shared_ptr<ClientSession> self_;  // until OnDone has been dealt with
  grpc::ClientContext context_;
  std::unique_ptr<v1::Federation::Stub> stub_;

  v1::ServerFrame in_;
  v1::ClientFrame out_;
  Outbox<v1::ClientFrame> outbox_;
  std::deque<Upload> uploads_;
  Inbox inbox_;
  std::optional<ChunkAssembler> download_;
  Status reason_;
  bool is_open_ = false, is_writing_ = false, is_closing_ = false, is_half_closed_ = false, is_over_ = false;
};

}  // namespace cairn
