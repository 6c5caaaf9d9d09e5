#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "privacy/secagg/client/neighbourhood.h"
#include "privacy/secagg/client/state_writer.h"
#include "privacy/secagg/client/sum_memory.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// R3 at a site: it binds itself to one set of survivors, and says so to all.
class Agreed {
 public:
  // Checks U3 against U2, own membership and t (kSecAggMessage, kSecAggFloor), the aggregator's signature
  // (kSecAggMember), and the sums this site has helped to open (kSecAggSums).
  static Result<Agreed> To(const Attempt& attempt, std::uint32_t own, const Neighbourhood& around,
                           const SiteSet& u2, const SurvivorsMessage& survivors, const SumMemory& memory);
  static Result<Agreed> Read(TranscriptReader& in);
  void Write(StateWriter& out) const;

  const SiteSet& u3() const { return u3_; }
  std::vector<std::uint32_t> members() const { return members_.Members(); }  // of U3, by roster; ascending
  const AgreementMessage& message() const { return message_; }

 private:
  Agreed() = default;
  SiteSet u3_;
  SiteSet members_;  // U3 over the roster
  AgreementMessage message_;
};

}  // namespace cairn::secagg
