#include "tests/bench/secagg_baselines.h"

#include <openssl/evp.h>

#include <array>
#include <cmath>
#include <cstring>
#include <memory>

#include "core/base/check.h"
#include "privacy/crypto/ctr_stream.h"
#if defined(__AES__)
#include <immintrin.h>
#endif

namespace cairn {
namespace {

constexpr std::size_t kBuffer = 105 * 16;  // a multiple of every size of a value up to 8 bytes

class BytesOfKey {
 public:
  explicit BytesOfKey(std::span<const std::byte, 32> key) : stream_(key) {}

  std::uint64_t Next(std::size_t bytes) {
    if (used_ == kBuffer) Refill();
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      value = value << 8 | std::to_integer<std::uint64_t>(buffer_[used_++]);
    return value;
  }
  std::uint32_t NextWord() {
    if (used_ == kBuffer) Refill();
    std::uint32_t word;
    std::memcpy(&word, buffer_.data() + used_, sizeof word);
    used_ += sizeof word;
    return word;
  }

 private:
  void Refill() {
    stream_.Fill(offset_, buffer_);
    offset_ += kBuffer;
    used_ = 0;
  }

  CtrStream stream_;
  std::uint64_t offset_ = 0;
  std::array<std::byte, kBuffer> buffer_;
  std::size_t used_ = kBuffer;
};

#if defined(__VAES__) && defined(__AVX512F__)
using Register = __m512i;
Register Encrypt(Register a, Register key) { return _mm512_aesenc_epi128(a, key); }
Register Start(int i) { return _mm512_set1_epi32(i); }
#elif defined(__AES__)
using Register = __m128i;
Register Encrypt(Register a, Register key) { return _mm_aesenc_si128(a, key); }
Register Start(int i) { return _mm_set1_epi32(i); }
#endif

}  // namespace

void PlainMask(std::span<const std::byte, 32> key, std::uint64_t modulus, std::span<std::uint64_t> values) {
  BytesOfKey bytes(key);
  for (std::uint64_t& value : values) value = (value + bytes.Next(4)) % modulus;
}

void WordMask(std::span<const std::byte, 32> key, std::span<std::uint32_t> words) {
  BytesOfKey bytes(key);
  for (std::uint32_t& word : words) word += bytes.NextWord();
}

void PlainRound(std::span<const float> local, std::span<const float> base, double factor,
                RandomStream& random, std::span<std::uint32_t> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const double x = static_cast<double>(local[i] - base[i]) * factor + random.NextU32() * 0x1p-32;
    words[i] = static_cast<std::uint32_t>(static_cast<std::int32_t>(std::floor(x)));
  }
}

void RawAgreements(std::size_t count) {
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  const auto generate = [] { return Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"), EVP_PKEY_free); };
  static const Key own = generate(), peer = generate();
  static EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr);
  CAIRN_CHECK(EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer_ex(context, peer.get(), 0) == 1,
              "OpenSSL has X25519");
  std::array<unsigned char, 32> shared;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t size = shared.size();
    CAIRN_CHECK(EVP_PKEY_derive(context, shared.data(), &size) == 1, "an honest key agrees");
  }
}

std::uint64_t CipherRounds([[maybe_unused]] std::size_t bytes) {
  std::uint64_t result = 0;
#if defined(__AES__)
  constexpr int kRounds = 14, kInFlight = 8;
  Register state[kInFlight];
  for (int b = 0; b < kInFlight; ++b) state[b] = Start(b);
  const Register key = Start(99);
  for (std::size_t done = 0; done < bytes; done += kInFlight * sizeof(Register)) {
    for (int round = 0; round < kRounds; ++round) {
      for (int b = 0; b < kInFlight; ++b) state[b] = Encrypt(state[b], key);
    }
  }
  for (int b = 0; b < kInFlight; ++b) {
    std::uint64_t word;
    std::memcpy(&word, &state[b], sizeof word);
    result ^= word;
  }
#endif
  return result;
}

}  // namespace cairn
