#include "privacy/crypto/ctr_stream.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/base/check.h"
#include "privacy/crypto/openssl_ptr.h"

namespace cairn {
namespace {

constexpr std::uint64_t kBlock = 16, kEnd = kBlock << 32;
// Zeros are written and encrypted a piece at a time, so that the second pass finds them in L1.
constexpr std::size_t kPiece = 16 << 10;

std::array<unsigned char, kBlock> CounterBlock(std::uint64_t block) {
  std::array<unsigned char, kBlock> bytes{};
  for (std::size_t i = 0; i < 4; ++i) bytes[15 - i] = static_cast<unsigned char>(block >> (8 * i));
  return bytes;
}

}  // namespace

struct CtrStream::State {
  ossl::CipherContext context{EVP_CIPHER_CTX_new()};
};

CtrStream::CtrStream(std::span<const std::byte, 32> key) : state_(std::make_unique<State>()) {
  EVP_CIPHER_CTX* context = state_->context.get();
  CAIRN_CHECK(context != nullptr && EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), nullptr, ossl::Data(key),
                                                       CounterBlock(0).data()) == 1,
              "OpenSSL has AES-256-CTR");
}
CtrStream::CtrStream(CtrStream&&) noexcept = default;
CtrStream& CtrStream::operator=(CtrStream&&) noexcept = default;
CtrStream::~CtrStream() = default;

void CtrStream::Fill(std::uint64_t offset, std::span<std::byte> out) {
  CAIRN_CHECK(offset % kBlock == 0, "a part of a keystream starts on a block");
  CAIRN_CHECK(offset <= kEnd && out.size() <= kEnd - offset, "a key has 2^32 blocks");
  if (out.empty()) return;
  EVP_CIPHER_CTX* context = state_->context.get();
  CAIRN_CHECK(
      EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, CounterBlock(offset / kBlock).data()) == 1,
      "a counter can be set");
  while (!out.empty()) {
    const std::span<std::byte> piece = out.first(std::min(out.size(), kPiece));
    std::memset(piece.data(), 0, piece.size());
    int written = 0;
    CAIRN_CHECK(EVP_EncryptUpdate(context, ossl::Out(piece), &written, ossl::Data(piece),
                                  static_cast<int>(piece.size())) == 1,
                "encryption in place cannot fail");
    out = out.subspan(piece.size());
  }
}

}  // namespace cairn
