#include "privacy/dp/noise_bits.h"

#include <bit>
#include <cstring>
#include <memory>

#include "core/base/check.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/crypto/secure_random.h"

namespace cairn {
namespace {

constexpr std::uint64_t kKeyLife = std::uint64_t{1} << 36;  // bytes: what a CtrStream has
constexpr std::size_t kMostTaken = std::size_t{1} << 24;

}  // namespace

NoiseBits::NoiseBits(std::span<const std::byte, 32> key, bool is_secure)
    : stream_(key), buffer_(std::make_unique<std::array<std::uint64_t, kWords>>()), is_secure_(is_secure) {}

NoiseBits NoiseBits::FromSystem() {
  const SecretBytes key = SecureRandom::Secret(32);
  return NoiseBits(key.Reveal(RevealSecret{}).first<32>(), true);
}

NoiseBits NoiseBits::Simulated(std::uint64_t seed, std::uint64_t round, std::uint64_t client) {
  const std::array<std::uint64_t, 4> name = {seed, round, client, 0};
  std::array<std::byte, 32> key;
  std::memcpy(key.data(), name.data(), sizeof key);
  return NoiseBits(key, false);
}

NoiseBits::~NoiseBits() {
  if (buffer_) Wipe(std::as_writable_bytes(std::span(*buffer_)));
}

void NoiseBits::Draw(std::span<std::byte> out) {
  if (offset_ + out.size() > kKeyLife - 32) {
    // The next bytes of the keystream are its successor, so that simulated noise stays repeatable.
    std::array<std::byte, 32> key;
    stream_.Fill(offset_, key);
    stream_ = CtrStream(std::span<const std::byte, 32>(key));
    Wipe(key);
    offset_ = 0;
  }
  stream_.Fill(offset_, out);
  offset_ += out.size();
}

void NoiseBits::Refill() {
  Draw(std::as_writable_bytes(std::span(*buffer_)));
  used_ = 0;
}

void NoiseBits::Take(std::span<std::uint64_t> out) {
  CAIRN_CHECK(out.size() % 2 == 0 && out.size() <= kMostTaken,
              "words are taken in whole blocks of the cipher");
  Draw(std::as_writable_bytes(out));
}

std::uint64_t NoiseBits::Below(std::uint64_t bound) {
  // The high half of a product is uniform once the low half avoids 2^64 mod bound values (Lemire 2019).
  auto product = static_cast<unsigned __int128>((*this)()) * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t unfair = -bound % bound;
    while (static_cast<std::uint64_t>(product) < unfair) {
      product = static_cast<unsigned __int128>((*this)()) * bound;
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

unsigned __int128 NoiseBits::Below(unsigned __int128 bound) {
  const auto high = static_cast<std::uint64_t>((bound - 1) >> 64);
  if (high == 0 && static_cast<std::uint64_t>(bound) != 0) return Below(static_cast<std::uint64_t>(bound));
  const std::uint64_t mask = high == 0 ? 0 : ~std::uint64_t{0} >> std::countl_zero(high);
  while (true) {
    const unsigned __int128 draw = static_cast<unsigned __int128>((*this)() & mask) << 64 | (*this)();
    if (draw < bound) return draw;
  }
}

}  // namespace cairn
