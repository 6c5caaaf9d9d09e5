#pragma once

#include <cstdint>

#include "core/base/result.h"
#include "privacy/secagg/client/agree.h"
#include "privacy/secagg/client/neighbourhood.h"
#include "privacy/secagg/client/receive.h"
#include "privacy/secagg/client/state_writer.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// R4 at a site: once t sites are bound to the same survivors, it reveals for each owner whose shares it holds
// the share of b if the owner survived, else of s.
class Answered {
 public:
  // `request` has at least t signatures, by position, of sites that count (complete graph: U3; regular: the
  // neighbours in U3), over exactly what this site agreed to: kSecAggFloor, kSecAggMessage, kSecAggMember.
  static Result<Answered> Reveal(const Attempt& attempt, std::uint32_t own, const Neighbourhood& around,
                                 const Received& received, const Agreed& agreed,
                                 const UnmaskRequest& request);
  static Result<Answered> Read(TranscriptReader& in);
  void Write(StateWriter& out) const;

  const UnmaskMessage& message() const { return message_; }
  bool Answers(const UnmaskRequest& request) const;

 private:
  Answered() = default;
  Sha256Digest request_digest_;
  UnmaskMessage message_;
};

}  // namespace cairn::secagg
