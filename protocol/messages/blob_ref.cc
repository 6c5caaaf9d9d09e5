#include "protocol/messages/blob_ref.h"

#include "privacy/crypto/sha256.h"

namespace cairn {

std::string BlobRef::hex() const { return Sha256Digest{sha256}.hex(); }

BlobRef BlobRefOf(std::span<const std::byte> bytes) { return {Sha256::Of(bytes).bytes, bytes.size()}; }

std::optional<BlobRef> ParseBlobRef(std::string_view hex, std::uint64_t size) {
  const auto digest = Sha256Digest::Parse(hex);
  if (!digest || digest->hex() != hex) return std::nullopt;
  return BlobRef{digest->bytes, size};
}

}  // namespace cairn
