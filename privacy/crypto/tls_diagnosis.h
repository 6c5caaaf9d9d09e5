#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "privacy/crypto/tls_probe.h"
#include "privacy/crypto/verify_chain.h"

// From what the probe saw to the sentence a person reads. For the .cc files of this folder only.

namespace cairn {

inline constexpr std::uint8_t kAlertRecord = 21, kHandshakeRecord = 22, kTlsMajor = 3;  // RFC 8446 §5.1

// What OpenSSL's callbacks leave behind for the diagnosis.
struct Observations {
  const ProbeTarget& target;
  ChainFaults faults{};
  bool root_shown = false;  // the server sent a self-signed certificate that is not the pinned one
  Sha256Digest shown_root{};
  std::optional<Certificate> leaf{};  // the server's own, when it can be read
  int alert = -1;
};

// An alert of the server, nearly always its verdict on our certificate.
Status FromAlert(const Observations& seen);
// The server hung up after a good handshake without an alert, as gRPC 1.51 does whatever it dislikes.
// What is wrong with our certificate is then judged here, against the server's own root and issuers.
Status FromHangUp(const Observations& seen, const ProbeReport& report);
// Our verdict on the server's chain.
Status FromChain(const Observations& seen);
// What plaintext looks like in a message: "'HTTP/1.1 400 Bad'", or its first bytes in hex.
std::string Excerpt(std::span<const std::byte> bytes);

}  // namespace cairn
