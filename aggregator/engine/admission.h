#pragma once

#include <string>

#include "aggregator/engine/actions.h"

namespace cairn {

// Answers a Hello: a common protocol version and the name the certificate proved make a Welcome,
// anything else a Refusal that names both sides' versions or both names. Stateless, thread-safe.
class Admission {
 public:
  struct Config {
    std::string software;   // "cairn 0.1.0"
    Duration heartbeat{0};  // 0: none wanted (simulation)
  };
  explicit Admission(Config config) : config_(std::move(config)) {}

  // True when the site may join; the answer is in `reply` either way.
  bool Admit(SessionId session, const std::string& proved_name, const Hello& hello,
             ServerMessage& reply) const;

 private:
  Config config_;
};

}  // namespace cairn
