#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "privacy/crypto/peer_identity.h"
#include "privacy/crypto/tls_files.h"
#include "protocol/transport/enrolment.h"
#include "protocol/transport/transport.h"

namespace cairn {

struct GrpcServerConfig {
  std::string address = "0.0.0.0:8443";  // port 0: any free one, see GrpcServer::port
  TlsFiles tls;
  std::filesystem::path state_dir;  // uploads lie in state_dir/spool/SITE until they are used
  unsigned threads = 2;             // for disks and hashes; gRPC has its own
  // May this member connect, by the roster in force, or this invite enrol? Asked at each call and by
  // RecheckPeers, from any thread. `certificate_pem` is what it showed, verified. Null admits every member.
  std::function<Status(const PeerIdentity& peer, const std::string& certificate_pem)> authorize;
  EnrolmentHandler* enrolment = nullptr;  // null: nobody can join; outlives the server
};

struct GrpcServerCounters {
  std::uint64_t sessions = 0;        // opened so far
  std::uint64_t refused_peers = 0;   // calls turned away by role or roster
  std::uint64_t bytes_received = 0;  // of objects
  std::uint64_t bytes_sent = 0;
  std::uint64_t resumed = 0;         // uploads taken up where they broke off
  std::uint64_t corrupt_chunks = 0;  // wrong CRC-32C
  std::uint64_t bad_objects = 0;     // wrong SHA-256
  std::uint64_t faults = 0;          // breaches of the protocol, of any kind
};

// The aggregator's end of the network: one port, TLS 1.3, certificates on both sides.
//
//   CAIRN_ASSIGN_OR_RETURN(auto server, GrpcServer::Create(config));
//   CAIRN_RETURN_IF_ERROR(server->Start(handler, catalog));
//
// A site's session is open once its certificate is verified, its role is site and authorize agrees; a
// second session of one site ends the first. The first message must be a Hello of a common protocol
// version that names the certificate's site; anything else is answered by a Refusal. An upload goes to
// disk chunk by chunk and is delivered with its report as a mapped file, checked, so memory does not
// grow with the number of sites. Five breaches of the protocol end a session, and its site is kept out
// for ten minutes. Handlers are called from the server's own threads, in order for one session.
// Thread-safe; Shutdown is not to be called from a handler.
class GrpcServer final : public ServerTransport {
 public:
  // Checks the configuration and files; opens nothing. CheckTlsFiles' errors; kConfigValue for the address.
  static Result<std::unique_ptr<GrpcServer>> Create(GrpcServerConfig config);
  ~GrpcServer() override;  // Shutdown without grace

  // Binds and serves: kNetPortInUse, or kNetResolve for an address that is not ours.
  Status Start(ServerHandler& handler, const BlobCatalog& catalog) override;
  void Send(SessionId session, ServerMessage message) override;
  void Close(SessionId session, Status reason) override;
  void Shutdown(Duration grace) override;

  std::uint16_t port() const;  // after Start
  // The roster changed: sessions that authorize no longer admits are closed with its words.
  void RecheckPeers();
  GrpcServerCounters counters() const;

 private:
  class Core;
  explicit GrpcServer(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace cairn
