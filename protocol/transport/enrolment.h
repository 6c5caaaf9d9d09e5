#pragma once

#include <cstdint>
#include <string>

#include "core/base/status.h"
#include "protocol/transport/transport.h"

// Joining a federation: what a newcomer with a bootstrap certificate sends, and what it gets back.
// Plain values; who may join is decided by the handler, on the other side.

namespace cairn {

struct EnrolRequest {
  std::string invite;             // the invite's name, as the bootstrap certificate has it
  std::string csr_pem;            // certificate request: proves the TLS key
  std::string signing_key;        // Ed25519 public key, raw bytes
  std::string signing_key_proof;  // signature by that key
  std::string software;
};

enum class EnrolState : std::uint8_t { kPending = 1, kApproved = 2, kRefused = 3 };

struct EnrolAnswer {
  EnrolState state = EnrolState::kRefused;
  std::string certificate_chain_pem;  // when approved
  std::string roster;
  std::string root_pem;
  Status reason;  // when refused
};

// Asked once a call, from transport threads, several at a time. `invite` is what the certificate
// proves: its role is always "invite". Sizes are checked before: names ≤ 256 bytes, PEM ≤ 16 KiB, keys ≤ 128
// bytes.
class EnrolmentHandler {
 public:
  virtual ~EnrolmentHandler() = default;
  virtual EnrolAnswer OnEnrol(const PeerInfo& invite, const EnrolRequest& request) = 0;
};

}  // namespace cairn
