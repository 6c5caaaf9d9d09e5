#include "protocol/grpc/dial.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <chrono>

#include "privacy/crypto/private_file.h"
#include "privacy/crypto/tls_probe.h"
#include "protocol/grpc/credentials.h"

namespace cairn {
namespace {

std::string UrlFor(const Proxy& proxy) {
  return "http://" + (proxy.credentials.empty() ? "" : proxy.credentials + "@") + proxy.endpoint.text();
}

Result<std::vector<Certificate>> ReadChain(const std::filesystem::path& path) {
  CAIRN_ASSIGN_OR_RETURN(const Bytes bytes, ReadPublicFile(path));
  return Certificate::ChainFromPem(AsText(bytes));
}

int MillisecondsOf(Duration time) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

}  // namespace

Keepalive KeepaliveOf(Duration stall_timeout) {
  using std::chrono::seconds;
  return {std::max<Duration>(seconds(12), stall_timeout / 2),
          std::max<Duration>(seconds(4), stall_timeout / 4)};
}

std::shared_ptr<grpc::Channel> Dial(const DialTarget& target) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, target.proxy.has_value() ? 1 : 0);
  if (target.proxy.has_value()) arguments.SetString(GRPC_ARG_HTTP_PROXY, UrlFor(*target.proxy));
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const Keepalive keepalive = KeepaliveOf(target.stall_timeout);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, MillisecondsOf(keepalive.ask_after));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, MillisecondsOf(keepalive.answer_within));
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 1 << 20);
  arguments.SetMaxReceiveMessageSize(4 << 20);
  return grpc::CreateCustomChannel(
      target.aggregator.text(), NewChannelCredentials(target.tls, target.federation, target.aggregator.host),
      arguments);
}

Status Diagnose(const DialTarget& target) {
  CAIRN_ASSIGN_OR_RETURN(const auto roots, ReadChain(target.tls.roots));
  CAIRN_ASSIGN_OR_RETURN(const auto identity, ReadChain(target.tls.certificate));
  CAIRN_ASSIGN_OR_RETURN(const SecretBytes pem, ReadPrivateFile(target.tls.key));
  CAIRN_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::FromPem(pem, {}));
  return ProbeTls({.endpoint = target.aggregator,
                   .proxy = target.proxy,
                   .federation = target.federation,
                   .roots = roots,
                   .identity = identity,
                   .key = &key,
                   .now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())})
      .status();
}

}  // namespace cairn
