#include "protocol/grpc/grpc_server.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "cairn/v1/federation.grpc.pb.h"
#include "privacy/crypto/endpoint.h"
#include "protocol/grpc/credentials.h"
#include "protocol/grpc/enrolment_service.h"
#include "protocol/grpc/grpc_setup.h"
#include "protocol/grpc/listening.h"
#include "protocol/grpc/server_session.h"

namespace cairn {
namespace {

using BanClock = std::chrono::steady_clock;
constexpr std::chrono::minutes kBan{10};

// Turns a call away with the reason as a message: the status of a stream carries no error id.
class RefusedCall final : public SessionReactor {
 public:
  explicit RefusedCall(const Status& reason) {
    v1::ServerFrame frame;
    frame.set_control(Encode(Refusal{.reason_id = reason.id().value, .reason = reason.what()}));
    bytes_ = ToBytes(frame);
    StartWriteAndFinish(&bytes_, grpc::WriteOptions(), grpc::Status::OK);
  }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer bytes_;
};

struct Caller {
  PeerIdentity identity;
  std::string certificate_pem;
};

// TLS has verified the certificate; this reads who it is for.
Result<Caller> CallerOf(const grpc::CallbackServerContext& context) {
  const auto pems = context.auth_context()->FindPropertyValues("x509_pem_cert");
  if (pems.size() != 1) return Status(errors::kTlsCertificate, "the peer showed no certificate");
  std::string pem(pems[0].data(), pems[0].size());
  CAIRN_ASSIGN_OR_RETURN(PeerIdentity identity, IdentityFromPem(pem));
  return Caller{std::move(identity), std::move(pem)};
}

}  // namespace

class GrpcServer::Core final : public v1::Federation::WithRawCallbackMethod_Session<v1::Federation::Service> {
 public:
  explicit Core(GrpcServerConfig config)
      : config_(std::move(config)),
        lanes_(std::max(1u, config_.threads)),
        enrolment_(
            config_.enrolment, [this](const auto& context) { return NewcomerOf(context); }, lanes_) {}

  SessionReactor* Session(grpc::CallbackServerContext* context) override {
    auto session = Admit(*context);
    if (session.ok()) return session->get();
    counts_.refused_peers.fetch_add(1);
    return new RefusedCall(session.status());
  }

  Status Start(ServerHandler& handler, const BlobCatalog& catalog) {
    handler_ = &handler;
    catalog_ = &catalog;
    CAIRN_RETURN_IF_ERROR(CheckListenable(config_.address));
    grpc::ServerBuilder builder;
    SetLimits(builder);
    builder.RegisterService(this);
    builder.RegisterService(&enrolment_);
    builder.AddListeningPort(config_.address, NewServerCredentials(config_.tls), &port_);
    server_ = builder.BuildAndStart();
    if (server_ != nullptr && port_ != 0) return {};
    return Status(errors::kNetPortInUse, "cannot listen on " + config_.address);
  }

  void Shutdown(Duration grace) {
    if (server_ == nullptr) return;
    for (const auto& session : Sessions())
      session->Close(Status(errors::kNetLost, "the aggregator shuts down"));
    server_->Shutdown(std::chrono::system_clock::now() +
                      std::chrono::duration_cast<std::chrono::system_clock::duration>(grace));
    server_->Wait();
    lanes_.Drain();
    server_.reset();
  }

  std::shared_ptr<ServerSession> Find(SessionId id) const {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : found->second;
  }

  void RecheckPeers() {
    for (const auto& session : Sessions()) {
      if (Status status = Authorize(session->peer(), session->certificate_pem()); !status.ok())
        session->Close(status);
    }
  }

  std::uint16_t port() const { return static_cast<std::uint16_t>(port_); }
  const ServerCounts& counts() const { return counts_; }

 private:
  // Invites are asked about too: one may have been replaced or withdrawn since it was made.
  Result<PeerIdentity> NewcomerOf(const grpc::CallbackServerContext& context) const {
    CAIRN_ASSIGN_OR_RETURN(Caller caller, CallerOf(context));
    if (caller.identity.role == PeerRole::kInvite) {
      CAIRN_RETURN_IF_ERROR(Authorize(caller.identity, caller.certificate_pem));
    }
    return std::move(caller.identity);
  }

  // The limits of docs: what a hostile or broken peer may cost.
  static void SetLimits(grpc::ServerBuilder& builder) {
    builder.SetMaxReceiveMessageSize(4 << 20);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 16);
    // One chunk may lie unread a session. Left to itself gRPC probes for bandwidth and buffers
    // megabytes for each site, so that memory would grow with their number.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 1 << 20);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 8 << 10);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 15'000);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 300'000);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 3'600'000);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 600'000);
  }

  Status Authorize(const PeerIdentity& peer, const std::string& pem) const {
    return config_.authorize ? config_.authorize(peer, pem) : Status();
  }

  Result<std::shared_ptr<ServerSession>> Admit(const grpc::CallbackServerContext& context) {
    CAIRN_ASSIGN_OR_RETURN(Caller caller, CallerOf(context));
    if (caller.identity.role != PeerRole::kSite) {
      return Status(errors::kWrongRole,
                    "sessions are for sites, this certificate is for " + caller.identity.uri());
    }
    CAIRN_RETURN_IF_ERROR(Authorize(caller.identity, caller.certificate_pem));
    std::shared_ptr<ServerSession> fenced, session;
    {
      const std::lock_guard lock(mutex_);
      if (const auto ban = bans_.find(caller.identity.name);
          ban != bans_.end() && BanClock::now() < ban->second) {
        return Status(errors::kNetProtocol,
                      "this site broke the protocol too often and is kept out for ten minutes");
      }
      CAIRN_ASSIGN_OR_RETURN(auto store, StoreOf(caller.identity.name));
      SessionId& current = by_site_[caller.identity.name];
      if (const auto found = sessions_.find(current); found != sessions_.end()) fenced = found->second;
      current = {++last_session_};
      session = ServerSession::Start(
          SessionParts{.id = current,
                       .peer = caller.identity,
                       .certificate_pem = caller.certificate_pem,
                       .handler = *handler_,
                       .catalog = *catalog_,
                       .store = std::move(store),
                       .counts = counts_,
                       .lanes = lanes_,
                       .on_end = [this](SessionId id, bool banned) { Forget(id, banned); }});
      sessions_[current] = session;
    }
    if (fenced != nullptr) fenced->Close(Status(errors::kNetLost, "another session of this site took over"));
    return session;
  }

  Result<std::shared_ptr<FileBlobStore>> StoreOf(const std::string& site) {
    auto& store = stores_[site];
    if (store != nullptr) return store;
    CAIRN_ASSIGN_OR_RETURN(
        store, FileBlobStore::Create({.folder = config_.state_dir / "spool" / site, .sync = false}));
    return store;
  }

  void Forget(SessionId id, bool banned) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return;
    const std::string& site = found->second->peer().name;
    if (banned) bans_[site] = BanClock::now() + kBan;
    if (by_site_[site] == id) by_site_.erase(site);
    sessions_.erase(found);
  }

  std::vector<std::shared_ptr<ServerSession>> Sessions() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<ServerSession>> all;
    for (const auto& [id, session] : sessions_) all.push_back(session);
    return all;
  }

  const GrpcServerConfig config_;
  LanePool lanes_;
  EnrolmentService enrolment_;
  ServerCounts counts_;
  ServerHandler* handler_ = nullptr;
  const BlobCatalog* catalog_ = nullptr;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  std::map<SessionId, std::shared_ptr<ServerSession>> sessions_;
  std::map<std::string, SessionId> by_site_;
  std::map<std::string, std::shared_ptr<FileBlobStore>> stores_;
  std::map<std::string, BanClock::time_point> bans_;
  std::uint64_t last_session_ = 0;
};

Result<std::unique_ptr<GrpcServer>> GrpcServer::Create(GrpcServerConfig config) {
  PrepareGrpc();
  if (!Endpoint::Parse(config.address) && !config.address.ends_with(":0")) {
    return Status(errors::kConfigValue,
                  "aggregator.address: expected host:port, got \"" + config.address + "\"");
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  CAIRN_ASSIGN_OR_RETURN(const Certificate certificate, CheckTlsFiles(config.tls, now));
  CAIRN_ASSIGN_OR_RETURN(const PeerIdentity identity, certificate.identity());
  if (identity.role != PeerRole::kAggregator) {
    return Status(errors::kWrongRole,
                  "an aggregator's certificate is needed, this one is for " + identity.uri());
  }
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::make_unique<Core>(std::move(config))));
}

GrpcServer::GrpcServer(std::unique_ptr<Core> core) : core_(std::move(core)) {}
GrpcServer::~GrpcServer() { core_->Shutdown(Duration::zero()); }

Status GrpcServer::Start(ServerHandler& handler, const BlobCatalog& catalog) {
  return core_->Start(handler, catalog);
}
void GrpcServer::Send(SessionId session, ServerMessage message) {
  if (const auto found = core_->Find(session)) found->Send(std::move(message));
}
void GrpcServer::Close(SessionId session, Status reason) {
  if (const auto found = core_->Find(session)) found->Close(std::move(reason));
}
void GrpcServer::Shutdown(Duration grace) { core_->Shutdown(grace); }
std::uint16_t GrpcServer::port() const { return core_->port(); }
void GrpcServer::RecheckPeers() { core_->RecheckPeers(); }

GrpcServerCounters GrpcServer::counters() const {
  const ServerCounts& c = core_->counts();
  return {.sessions = c.sessions,
          .refused_peers = c.refused_peers,
          .bytes_received = c.bytes_received,
          .bytes_sent = c.bytes_sent,
          .resumed = c.resumed,
          .corrupt_chunks = c.corrupt_chunks,
          .bad_objects = c.bad_objects,
          .faults = c.faults};
}

}  // namespace cairn
