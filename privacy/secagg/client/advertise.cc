#include "privacy/secagg/client/advertise.h"

#include <utility>

#include "core/base/check.h"
#include "privacy/secagg/shared/derive.h"

namespace cairn::secagg {
namespace {

constexpr std::size_t kSecretBytes = 32;

SecretBytes Draw32(Primitives& primitives) {
  SecretBytes secret(kSecretBytes);
  primitives.Fill(secret.Overwrite(RevealSecret{}));
  return secret;
}

template <class Key>
Key KeyFrom(const SecretBytes& secret) {
  return Key::FromSecret(secret.Reveal(RevealSecret{}).first<kSecretBytes>());
}

}  // namespace

Result<Advertised> Advertised::Draw(const Attempt& attempt, std::uint32_t own, const SeenKeys* seen) {
  Primitives& primitives = *attempt.primitives;
  const SecretBytes mask = Draw32(primitives), share = Draw32(primitives);
  Advertised result(Secrets{KeyFrom<MaskKey>(mask), KeyFrom<ShareKey>(share), Draw32(primitives)});
  Advert& advert = result.advert_;
  advert.mask_key = result.secrets_->mask_key.public_key();
  advert.share_key = result.secrets_->share_key.public_key();
  advert.commitment = SelfCommitment(attempt.context, own,
                                     result.secrets_->self_mask.Reveal(RevealSecret{}).first<kSecretBytes>());
  advert.signature = primitives.Sign(AdvertBytes(attempt.context, own, advert));
  // Also catches a signing key that is not the one the roster has for this member.
  CAIRN_RETURN_IF_ERROR(CheckAdvert(attempt, own, advert, seen));
  return result;
}

const Advertised::Secrets& Advertised::secrets() const {
  CAIRN_CHECK(secrets_.has_value(), "a step after the masked input needs no round secrets");
  return *secrets_;
}

void Advertised::Write(StateWriter& out) const {
  out.Fixed(advert_.share_key.bytes).Fixed(advert_.mask_key.bytes).Hash(advert_.commitment);
  out.Fixed(advert_.signature.bytes).U8(secrets_ ? 1 : 0);
  if (!secrets_) return;
  const SecretBytes mask = secrets_->mask_key.secret(), share = secrets_->share_key.secret();
  out.Fixed(mask.Reveal(RevealSecret{})).Fixed(share.Reveal(RevealSecret{}));
  out.Fixed(secrets_->self_mask.Reveal(RevealSecret{}));
}

Result<Advertised> Advertised::Read(TranscriptReader& in) {
  Advert advert;
  in.FixedTo(advert.share_key.bytes);
  in.FixedTo(advert.mask_key.bytes);
  in.FixedTo(advert.commitment.bytes);
  in.FixedTo(advert.signature.bytes);
  std::optional<Secrets> secrets;
  if (in.U8() == 1) {
    SecretBytes mask(kSecretBytes), share(kSecretBytes), self(kSecretBytes);
    for (SecretBytes* secret : {&mask, &share, &self}) in.FixedTo(secret->Overwrite(RevealSecret{}));
    secrets = Secrets{KeyFrom<MaskKey>(mask), KeyFrom<ShareKey>(share), std::move(self)};
  }
  Advertised result(std::move(secrets));
  result.advert_ = advert;
  const bool fits = !result.secrets_ || (result.secrets_->mask_key.public_key() == advert.mask_key &&
                                         result.secrets_->share_key.public_key() == advert.share_key);
  if (!in.ok() || !fits) return Status(errors::kSecAggState, "the saved keys are damaged");
  return result;
}

}  // namespace cairn::secagg
