#pragma once

#include <cstdint>
#include <optional>

#include "core/base/result.h"
#include "privacy/crypto/agreement.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/crypto/transcript.h"
#include "privacy/secagg/client/state_writer.h"
#include "privacy/secagg/shared/advert_rules.h"
#include "privacy/secagg/shared/attempt.h"
#include "privacy/secagg/shared/messages.h"

namespace cairn::secagg {

// R0 at a site: two fresh key pairs and a self mask, committed to under the site's signature.
class Advertised {
 public:
  struct Secrets {
    MaskKey mask_key;       // s_u
    ShareKey share_key;     // c_u
    SecretBytes self_mask;  // b_u
  };

  // kSecAggMember when `own` is not an active member; kSecAggKey when the drawn keys were drawn before, as by
  // a machine that was copied while it ran.
  static Result<Advertised> Draw(const Attempt& attempt, std::uint32_t own, const SeenKeys* seen);
  static Result<Advertised> Read(TranscriptReader& in);
  void Write(StateWriter& out) const;

  const Advert& advert() const { return advert_; }
  bool has_secrets() const { return secrets_.has_value(); }
  const Secrets& secrets() const;  // a bug once they are wiped
  void Wipe() { secrets_.reset(); }

 private:
  explicit Advertised(std::optional<Secrets> secrets) : secrets_(std::move(secrets)) {}
  std::optional<Secrets> secrets_;
  Advert advert_;
};

}  // namespace cairn::secagg
