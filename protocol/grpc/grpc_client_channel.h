#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "privacy/crypto/endpoint.h"
#include "privacy/crypto/proxy.h"
#include "privacy/crypto/tls_files.h"
#include "protocol/transport/transport.h"

namespace cairn {

struct GrpcClientConfig {
  Endpoint aggregator;
  std::string federation;  // the aggregator must be of it
  TlsFiles tls;
  std::filesystem::path cache_dir;  // models that were fetched
  std::optional<Proxy> proxy{};
  Duration stall_timeout = std::chrono::seconds(60);  // nothing heard for so long: cut, and dialled again
};

struct GrpcClientCounters {
  std::uint64_t bytes_sent = 0;  // of objects
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_skipped = 0;  // not sent, since the aggregator held them from an earlier try
  std::uint64_t resent_chunks = 0;  // times the aggregator asked to go back
};

// A site's end of the network: one outbound connection, TLS 1.3, certificates on both sides.
//
//   CAIRN_ASSIGN_OR_RETURN(auto channel, GrpcClientChannel::Create(config));
//   channel->Open(agent);
//
// A Report's update is offered first and sent from where the aggregator holds it; the report follows
// when all of it has arrived. Sending the same report again after a lost connection goes on where it
// broke off. A RoundPlan is delivered once its model is here: from the cache, or fetched, resuming
// likewise; messages behind it wait. Why a first connection fails is found out by a TLS probe, so
// OnClose carries the true cause (kNet…, kTls…, kMemberRevoked). Handlers are called from one thread at a
// time. Thread-safe; destroying it ends the session and waits, so not from a handler.
class GrpcClientChannel final : public ClientChannel {
 public:
  // CheckTlsFiles' errors; storage's for the cache.
  static Result<std::unique_ptr<GrpcClientChannel>> Create(GrpcClientConfig config);
  ~GrpcClientChannel() override;

  void Open(ClientHandler& handler) override;
  void Send(ClientMessage message) override;
  void Close() override;
  void LearnJob(JobId job, ParameterSpec spec) override;

  GrpcClientCounters counters() const;

 private:
  class Core;
  explicit GrpcClientChannel(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace cairn
