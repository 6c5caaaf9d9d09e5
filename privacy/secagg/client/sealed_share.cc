#include "privacy/secagg/client/sealed_share.h"

#include <algorithm>

#include "core/base/check.h"
#include "privacy/crypto/transcript.h"
#include "privacy/secagg/client/state_writer.h"
#include "privacy/secagg/shared/derive.h"

namespace cairn::secagg {
namespace {

constexpr std::size_t kPlainBytes = 4 + 4 + 1 + 2 * kShareBytes;
static_assert(kPlainBytes + AeadKey::kOverhead == kSealedShareBytes);

}  // namespace

std::array<std::byte, kSealedShareBytes> SealShares(Primitives& primitives, const AeadKey& key,
                                                    const Sha256Digest& cc, const ShareNames& names,
                                                    std::span<const std::byte, kShareBytes> mask_key_share,
                                                    std::span<const std::byte, kShareBytes> self_mask_share) {
  SecretBytes plain(kPlainBytes);
  StateWriter(plain.Overwrite(RevealSecret{}))
      .U32(names.dealer)
      .U32(names.holder)
      .U8(names.index)
      .Fixed(mask_key_share)
      .Fixed(self_mask_share);
  // From the party's own source, so that a simulation can be replayed.
  std::array<std::byte, AeadKey::kNonceBytes> nonce;
  primitives.Fill(nonce);
  const Bytes sealed =
      key.SealWithNonce(nonce, plain.Reveal(RevealSecret{}), SealedContext(cc, names.dealer, names.holder));
  CAIRN_CHECK(sealed.size() == kSealedShareBytes, "a sealed pair of shares has one size");
  std::array<std::byte, kSealedShareBytes> result;
  std::copy(sealed.begin(), sealed.end(), result.begin());
  return result;
}

std::optional<OpenedShare> OpenShares(const AeadKey& key, const Sha256Digest& cc, std::uint32_t dealer,
                                      std::uint32_t holder,
                                      std::span<const std::byte, kSealedShareBytes> sealed) {
  const Result<SecretBytes> plain = key.Open(sealed, SealedContext(cc, dealer, holder));
  if (!plain.ok() || plain->size() != kPlainBytes) return std::nullopt;
  TranscriptReader in(plain->Reveal(RevealSecret{}));
  OpenedShare result;
  result.names.dealer = in.U32();
  result.names.holder = in.U32();
  result.names.index = in.U8();
  result.shares = SecretBytes(2 * kShareBytes);
  in.FixedTo(result.shares.Overwrite(RevealSecret{}));
  return result;
}

}  // namespace cairn::secagg
