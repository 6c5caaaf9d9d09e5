#include "privacy/secagg/shared/shamir.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>
#include <string>

#include "core/base/check.h"

namespace cairn::secagg {
namespace {

// Sixteen elements of the field side by side, as the compilers' vectors: the baseline of x86-64 and of Arm
// has every operation used here, and they take the same time for all values.
using Lane = std::uint8_t __attribute__((vector_size(16)));
using SignedLane = std::int8_t __attribute__((vector_size(16)));
constexpr std::size_t kLane = sizeof(Lane);

Lane Broadcast(std::uint8_t value) { return Lane{} + value; }

Lane TimesTwo(Lane a) {
  const auto is_high = reinterpret_cast<Lane>(reinterpret_cast<SignedLane>(a) < 0);
  return (a + a) ^ (is_high & 0x1b);
}

// Element by element; both sides may be secret.
Lane Multiply(Lane a, Lane b) {
  Lane product{};
  for (int bit = 7; bit >= 0; --bit) {
    product = TimesTwo(product);
    product ^= a & reinterpret_cast<Lane>(reinterpret_cast<SignedLane>(b) < 0);
    b += b;
  }
  return product;
}

// a^254 = 1/a, and 0 for 0: squares of a^2 … a^128 multiplied together.
Lane Inverse(Lane a) {
  Lane power = a, product = Broadcast(1);
  for (int i = 0; i < 7; ++i) {
    power = Multiply(power, power);
    product = Multiply(product, power);
  }
  return product;
}

// A share, a secret or a coefficient: 32 elements.
struct Block {
  std::array<Lane, 2> lanes{};

  void Load(std::span<const std::byte, 32> from) { std::memcpy(&lanes, from.data(), sizeof lanes); }
  void Store(std::span<std::byte, 32> to) const { std::memcpy(to.data(), &lanes, sizeof lanes); }
  void Add(const Block& other) {
    lanes[0] ^= other.lanes[0];
    lanes[1] ^= other.lanes[1];
  }
  // Branches on the bits of x, which is public.
  void MultiplyBy(std::uint8_t x) {
    const std::array<Lane, 2> base = std::exchange(lanes, {});
    for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
      for (Lane& lane : lanes) lane = TimesTwo(lane);
      if ((x & bit) == 0) continue;
      lanes[0] ^= base[0];
      lanes[1] ^= base[1];
    }
  }
};

// Blocks that are wiped when they end.
struct Workspace {
  Block sum, term;
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { Wipe(std::as_writable_bytes(std::span(this, 1))); }
};

Status CheckCoordinates(const std::vector<std::uint8_t>& xs) {
  if (xs.empty()) return Status(errors::kSecAggShare, "a secret cannot be rebuilt of no shares");
  std::bitset<256> seen;
  for (const std::uint8_t x : xs) {
    if (x == 0 || seen[x]) {
      return Status(errors::kSecAggShare,
                    "share " + std::to_string(x) + (x == 0 ? " is the secret itself" : " is there twice"));
    }
    seen[x] = true;
  }
  return {};
}

// Π over j of x_j, and for each lane Π over j ≠ i of (x_j − x_i), times x_i.
struct LagrangeProducts {
  Lane all = Broadcast(1), own;
  LagrangeProducts(const std::vector<std::uint8_t>& xs, Lane at) : own(at) {
    for (const std::uint8_t x : xs) {
      const Lane difference = Broadcast(x) ^ at;
      const auto is_self = reinterpret_cast<Lane>(difference == 0);
      own = Multiply(own, difference ^ (is_self & 1));
      all = Multiply(all, Broadcast(x));
    }
  }
};

}  // namespace

std::uint8_t GfMultiply(std::uint8_t a, std::uint8_t b) { return Multiply(Broadcast(a), Broadcast(b))[0]; }
std::uint8_t GfInverse(std::uint8_t a) { return Inverse(Broadcast(a))[0]; }

std::vector<SecretBytes> SplitSecret(std::span<const std::byte, 32> secret, std::size_t threshold,
                                     std::size_t holders, std::span<const std::byte> coefficients) {
  CAIRN_CHECK(threshold >= 1 && threshold <= holders && holders <= kMaxHolders,
              "a threshold and at most 255");
  CAIRN_CHECK(coefficients.size() == (threshold - 1) * 32,
              "a coefficient for each power below the threshold");
  std::vector<SecretBytes> shares;
  shares.reserve(holders);
  Workspace work;
  for (std::size_t x = 1; x <= holders; ++x) {
    work.sum = {};
    for (std::size_t power = threshold - 1; power > 0; --power) {  // Horner
      work.term.Load(coefficients.subspan((power - 1) * 32).first<32>());
      work.sum.Add(work.term);
      work.sum.MultiplyBy(static_cast<std::uint8_t>(x));
    }
    work.term.Load(secret);
    work.sum.Add(work.term);
    work.sum.Store(shares.emplace_back(32).Overwrite(RevealSecret{}).first<32>());
  }
  return shares;
}

Result<Interpolation> Interpolation::At(const std::vector<std::uint8_t>& xs) {
  CAIRN_RETURN_IF_ERROR(CheckCoordinates(xs));
  std::vector<std::uint8_t> weights(xs.size());
  for (std::size_t i = 0; i < xs.size(); i += kLane) {
    const std::size_t count = std::min(kLane, xs.size() - i);
    Lane at = Broadcast(1);
    std::memcpy(&at, xs.data() + i, count);
    const LagrangeProducts products(xs, at);
    const Lane weight = Multiply(products.all, Inverse(products.own));
    std::memcpy(weights.data() + i, &weight, count);
  }
  return Interpolation(std::move(weights));
}

SecretBytes Interpolation::Combine(std::span<const std::span<const std::byte, 32>> shares) const {
  CAIRN_CHECK(shares.size() == weights_.size(), "a share for each x");
  Workspace work;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    work.term.Load(shares[i]);
    work.term.MultiplyBy(weights_[i]);
    work.sum.Add(work.term);
  }
  SecretBytes secret(32);
  work.sum.Store(secret.Overwrite(RevealSecret{}).first<32>());
  return secret;
}

}  // namespace cairn::secagg
