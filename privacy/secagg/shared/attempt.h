#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "privacy/crypto/sha256.h"
#include "privacy/secagg/shared/party.h"
#include "privacy/secagg/shared/terms.h"

namespace cairn::secagg {

// What every step of one party's attempt works from: its own copies, fixed before the first message.
struct Attempt {
  Terms terms;
  Floors floors;
  std::shared_ptr<const Membership> membership;  // shared: one pinned roster serves all attempts of a party
  std::unique_ptr<Primitives> primitives;
  Sha256Digest context;  // rc

  // CheckTerms, and the terms name this very roster (kSecAggTerms).
  static Result<Attempt> Open(Terms terms, const Floors& floors, std::shared_ptr<const Membership> membership,
                              std::unique_ptr<Primitives> primitives);

  bool is_complete() const { return terms.k == 0; }
  std::string NameOf(std::uint32_t member) const;  // "site 3 (clinic-b)", for messages
};

}  // namespace cairn::secagg
