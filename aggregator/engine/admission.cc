#include "aggregator/engine/admission.h"

#include <algorithm>

namespace cairn {

bool Admission::Admit(SessionId session, const std::string& proved_name, const Hello& hello,
                      ServerMessage& reply) const {
  const std::uint32_t version = std::min(hello.protocol_max, kProtocolMax);
  if (version < hello.protocol_min || version < kProtocolMin) {
    reply =
        Refusal{errors::kNetVersion.value,
                "the aggregator (" + config_.software + ") speaks protocol " + std::to_string(kProtocolMin) +
                    " to " + std::to_string(kProtocolMax) + ", the site (" + hello.software + ") " +
                    std::to_string(hello.protocol_min) + " to " + std::to_string(hello.protocol_max),
                kProtocolMin, kProtocolMax};
    return false;
  }
  if (hello.site != proved_name) {
    reply = Refusal{errors::kNetProtocol.value,
                    "the site calls itself '" + hello.site + "', its certificate says '" + proved_name + "'",
                    kProtocolMin, kProtocolMax};
    return false;
  }
  reply = Welcome{version, config_.software, session, config_.heartbeat};
  return true;
}

}  // namespace cairn
