#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/base/result.h"
#include "privacy/secagg/client/advertise.h"
#include "privacy/secagg/client/neighbourhood.h"
#include "privacy/secagg/client/state_writer.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// R2 at a site, second half: y_u = q_u + PRG(self) + Σ ±PRG(m_uv) over the neighbours in U2, + where u < v.
// One vector an attempt: two would differ by the site's numbers in the clear, since the masks are the same.
class Masked {
 public:
  // Adds the masks; kSecAggState a second time, and for words of another number or width than the terms'.
  Status AddTo(std::span<std::uint32_t> words, const Attempt& attempt, std::uint32_t own,
               const Advertised::Secrets& secrets, const Neighbourhood& around, const SiteSet& u2);
  Status AddTo(std::span<std::uint64_t> words, const Attempt& attempt, std::uint32_t own,
               const Advertised::Secrets& secrets, const Neighbourhood& around, const SiteSet& u2);
  // Names the vector that is to be sent; kSecAggState before AddTo and for another length.
  Result<MaskedInput> Name(const Attempt& attempt, std::uint32_t own, const Sha256Digest& cc,
                           const SiteSet& u2, const Sha256Digest& object, std::uint64_t bytes);
  // The same bytes for the same object; kSecAggState for another one.
  Result<MaskedInput> NameAgain(const Sha256Digest& object, std::uint64_t bytes) const;
  bool is_named() const { return message_.has_value(); }

  static Result<Masked> Read(TranscriptReader& in);
  void Write(StateWriter& out) const;

 private:
  bool added_ = false;
  std::optional<MaskedInput> message_;
};

}  // namespace cairn::secagg
