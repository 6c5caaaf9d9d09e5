#pragma once

#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "privacy/crypto/endpoint.h"
#include "privacy/crypto/proxy.h"
#include "privacy/crypto/tls_files.h"
#include "protocol/transport/enrolment.h"

namespace cairn {

struct EnrolTarget {
  Endpoint aggregator;
  std::string federation;
  TlsFiles tls;  // the bootstrap identity
  std::optional<Proxy> proxy{};
  Duration deadline = std::chrono::seconds(20);
};

// One enrolment call; blocks until it is answered or fails. kPending is an answer: ask again later
// with the same keys. A refusal by the centre is an answer too (EnrolAnswer::reason); errors are those
// of the way there, told apart by a TLS probe (kNet…, kTls…).
Result<EnrolAnswer> EnrolOnce(const EnrolTarget& target, const EnrolRequest& request);

}  // namespace cairn
