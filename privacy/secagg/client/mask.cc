#include "privacy/secagg/client/mask.h"

#include <string>
#include <vector>

#include "privacy/secagg/shared/derive.h"
#include "privacy/secagg/shared/mask_kernel.h"

namespace cairn::secagg {
namespace {

struct PairMask {
  SecretBytes key;
  bool subtract = false;
};

MaskTerm TermOf(const SecretBytes& key, bool subtract) {
  return {key.Reveal(RevealSecret{}).first<32>(), subtract};
}

Result<std::vector<PairMask>> MasksWith(const Attempt& attempt, std::uint32_t own,
                                        const Advertised::Secrets& secrets, const Neighbourhood& around,
                                        const SiteSet& u2) {
  std::vector<PairEnd> others;
  std::vector<AgreementPublic> keys;
  for (const Peer& peer : around.circle) {
    if (peer.member == own || !u2.Has(peer.position)) continue;
    others.push_back({peer.member, peer.mask_key});
    keys.push_back(peer.mask_key);
  }
  CAIRN_ASSIGN_OR_RETURN(const std::vector<SecretBytes> agreed,
                         attempt.primitives->DeriveAll(secrets.mask_key.material(), keys));
  std::vector<PairMask> masks;
  const PairEnd here{own, secrets.mask_key.public_key()};
  for (std::size_t i = 0; i < others.size(); ++i) {
    masks.push_back({PairMaskKey(agreed[i], around.context, here, others[i]), own > others[i].member});
  }
  return masks;
}

template <class Word>
Status AddMasksTo(std::span<Word> words, bool added, const Attempt& attempt, std::uint32_t own,
                  const Advertised::Secrets& secrets, const Neighbourhood& around, const SiteSet& u2) {
  if (added) return Status(errors::kSecAggState, "the masks of this attempt are used already");
  if (words.size() != attempt.terms.words() ||
      8 * sizeof(Word) != static_cast<std::size_t>(attempt.terms.ring)) {
    return Status(errors::kSecAggState, "the vector has " + std::to_string(words.size()) + " words of " +
                                            std::to_string(8 * sizeof(Word)) + " bits, the terms say " +
                                            std::to_string(attempt.terms.words()) + " of " +
                                            std::to_string(static_cast<int>(attempt.terms.ring)));
  }
  CAIRN_ASSIGN_OR_RETURN(const std::vector<PairMask> masks, MasksWith(attempt, own, secrets, around, u2));
  const SecretBytes self =
      SelfMaskKey(secrets.self_mask.Reveal(RevealSecret{}).first<32>(), around.context, own);
  std::vector<MaskTerm> terms = {TermOf(self, false)};
  for (const PairMask& mask : masks) terms.push_back(TermOf(mask.key, mask.subtract));
  AddMasks(terms, 0, words);
  return Status::Ok();
}

}  // namespace

Status Masked::AddTo(std::span<std::uint32_t> words, const Attempt& attempt, std::uint32_t own,
                     const Advertised::Secrets& secrets, const Neighbourhood& around, const SiteSet& u2) {
  CAIRN_RETURN_IF_ERROR(AddMasksTo(words, added_, attempt, own, secrets, around, u2));
  added_ = true;
  return Status::Ok();
}

Status Masked::AddTo(std::span<std::uint64_t> words, const Attempt& attempt, std::uint32_t own,
                     const Advertised::Secrets& secrets, const Neighbourhood& around, const SiteSet& u2) {
  CAIRN_RETURN_IF_ERROR(AddMasksTo(words, added_, attempt, own, secrets, around, u2));
  added_ = true;
  return Status::Ok();
}

Result<MaskedInput> Masked::Name(const Attempt& attempt, std::uint32_t own, const Sha256Digest& cc,
                                 const SiteSet& u2, const Sha256Digest& object, std::uint64_t bytes) {
  if (!added_) return Status(errors::kSecAggState, "a vector is named before it was masked");
  if (bytes != attempt.terms.byte_size()) {
    return Status(errors::kSecAggState, "the masked vector has " + std::to_string(bytes) +
                                            " bytes, the terms say " +
                                            std::to_string(attempt.terms.byte_size()));
  }
  MaskedInput message;
  message.bytes = bytes;
  message.object = object;
  message.signature = attempt.primitives->Sign(MaskedBytes(cc, own, u2, message));
  message_ = message;
  return message;
}

Result<MaskedInput> Masked::NameAgain(const Sha256Digest& object, std::uint64_t bytes) const {
  if (message_->object == object && message_->bytes == bytes) return *message_;
  return Status(errors::kSecAggState, "another masked vector was named in this attempt");
}

void Masked::Write(StateWriter& out) const {
  out.U8(added_ ? 1 : 0).U8(message_ ? 1 : 0);
  if (message_) out.U64(message_->bytes).Hash(message_->object).Fixed(message_->signature.bytes);
}

Result<Masked> Masked::Read(TranscriptReader& in) {
  Masked result;
  result.added_ = in.U8() == 1;
  if (in.U8() == 1) {
    MaskedInput message;
    message.bytes = in.U64();
    in.FixedTo(message.object.bytes);
    in.FixedTo(message.signature.bytes);
    result.message_ = message;
  }
  if (!in.ok() || (result.message_ && !result.added_)) {
    return Status(errors::kSecAggState, "the saved masked input is damaged");
  }
  return result;
}

}  // namespace cairn::secagg
