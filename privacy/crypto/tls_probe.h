#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "privacy/crypto/certificate.h"
#include "privacy/crypto/endpoint.h"
#include "privacy/crypto/keys.h"
#include "privacy/crypto/proxy.h"

// Finds out why a connection to an aggregator fails. gRPC calls every fault "unavailable"; this opens
// one TLS 1.3 connection of its own and tells the causes apart. Blocking: about three seconds at most,
// after the system's resolver is done.

namespace cairn {

struct ProbeTarget {
  Endpoint endpoint{};
  std::optional<Proxy> proxy{};               // on the way there
  std::string federation{};                   // that the aggregator must be of; empty: any
  std::vector<Certificate> roots{};           // trusted; or empty, and instead
  std::optional<Sha256Digest> pinned_root{};  // the fingerprint of a root that the server itself must show
  std::vector<Certificate> identity{};        // our certificate (and its issuers); empty: none is sent
  const PrivateKey* key = nullptr;            // of identity; borrowed
  UnixTime now{};
  Duration connect_timeout = std::chrono::seconds(1);
  Duration handshake_timeout = std::chrono::seconds(1);
  Duration alert_wait = std::chrono::seconds(1);  // in TLS 1.3 the server judges us after the handshake
};

struct ProbeReport {               // of a connection that would work
  std::string peer_address;        // "192.0.2.10:8443"
  std::vector<Certificate> chain;  // as shown by the server, its own first
  Certificate root;                // where the chain ends
  PeerIdentity aggregator;
  std::string tls_version;  // "TLSv1.3"
};

// Errors, with the facts in their words (issuer, names, dates, seconds of skew): kNetResolve,
// kNetRefused, kNetLost, kNetProxy, kTlsWrongCa, kTlsServerExpired, kTlsNotYetValid, kTlsWrongName,
// kTlsNoClientCert, kTlsOurCertUnknownCa, kTlsOurCertExpired, kTlsPlaintextServer, kTlsKeyMismatch,
// kTlsHandshake, kTlsCertificate, kFederationMismatch, kMemberRevoked.
Result<ProbeReport> ProbeTls(const ProbeTarget& target);

// What a server says to the first bytes a client sent (three or more): kTlsPlaintextClient unless
// they begin a TLS record.
Status CheckClientHello(std::span<const std::byte> first_bytes);

}  // namespace cairn
