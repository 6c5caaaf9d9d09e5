// Shares from hostile holders: any coordinates and any bytes are combined or refused, never read past. Where
// the input makes a polynomial of its own, the shares at the coordinates it names give its secret back.

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/check.h"
#include "privacy/secagg/shared/shamir.h"

namespace {

using namespace cairn;  // NOLINT: a program of its own
using Share = std::span<const std::byte, 32>;

bool AreDistinct(std::span<const std::uint8_t> xs) {
  std::bitset<256> seen;
  for (const std::uint8_t x : xs) {
    if (x == 0 || seen[x]) return false;
    seen[x] = true;
  }
  return !xs.empty();
}

void Rebuild(Share secret, std::span<const std::byte> coefficients, std::span<const std::uint8_t> xs,
             const secagg::Interpolation& interpolation) {
  const auto all = secagg::SplitSecret(secret, xs.size(), secagg::kMaxHolders, coefficients);
  std::vector<Share> shares;
  for (const std::uint8_t x : xs) shares.push_back(all[x - 1u].Reveal(RevealSecret{}).first<32>());
  const SecretBytes rebuilt = interpolation.Combine(shares);
  CAIRN_CHECK(std::ranges::equal(rebuilt.Reveal(RevealSecret{}), secret), "t shares give the secret");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size < 1u + data[0]) return 0;
  const std::span<const std::uint8_t> xs(data + 1, data[0]);
  const auto blocks = std::as_bytes(std::span(data, size)).subspan(1 + xs.size());
  const auto interpolation = secagg::Interpolation::At({xs.begin(), xs.end()});
  CAIRN_CHECK(interpolation.ok() == AreDistinct(xs), "exactly distinct coordinates other than 0 are taken");
  if (!interpolation.ok() || blocks.size() < 32) return 0;

  std::vector<Share> shares;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    shares.push_back(blocks.subspan(i * 32 % (blocks.size() - 31)).first<32>());
  }
  CAIRN_CHECK(interpolation->Combine(shares).size() == 32, "any shares combine");
  if (blocks.size() >= 32 * xs.size()) {
    Rebuild(blocks.first<32>(), blocks.subspan(32, 32 * (xs.size() - 1)), xs, *interpolation);
  }
  return 0;
}
