#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/status.h"
#include "privacy/crypto/endpoint.h"
#include "privacy/crypto/proxy.h"
#include "privacy/crypto/tls_files.h"

// How a member reaches its aggregator. Inside of protocol/grpc.

namespace cairn {

struct DialTarget {
  Endpoint aggregator;
  std::string federation;
  TlsFiles tls;
  std::optional<Proxy> proxy{};
  Duration stall_timeout = std::chrono::seconds(60);
};

// When a connection on which nothing comes is asked whether it is alive, and how long it may take to answer.
struct Keepalive {
  Duration ask_after, answer_within;
};
// Both together are at most `stall_timeout`, from 16 s on: the other end takes questions that come more often
// than every 10 s for an attack.
Keepalive KeepaliveOf(Duration stall_timeout);

// A fresh channel: it connects anew and remembers no earlier failure.
std::shared_ptr<grpc::Channel> Dial(const DialTarget& target);

// Why a connection does not come about, found out with a TLS connection of our own; OK when that one
// would work. Blocks for up to a few seconds.
Status Diagnose(const DialTarget& target);

}  // namespace cairn
