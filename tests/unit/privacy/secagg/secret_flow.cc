// Holds the arithmetic on secrets to its claim: no branch and no address depends on a secret. Run under
// memcheck with the secrets marked as undefined memory, where every such branch or address is an error
// (Langley's ctgrind). With the argument "table" it looks a secret up in a table instead, which memcheck must
// refuse: the check works.

#include <valgrind/memcheck.h>

#include <array>
#include <cstdio>
#include <string_view>
#include <vector>

#include "privacy/secagg/shared/shamir.h"

namespace cairn::secagg {
namespace {

template <class T>
void Hide(T& memory) {
  VALGRIND_MAKE_MEM_UNDEFINED(memory.data(), memory.size());
}

// A look at a result is a branch on it; whoever looks says so here.
std::span<const std::byte> Shown(const SecretBytes& secret) {
  const auto bytes = secret.Reveal(RevealSecret{});
  VALGRIND_MAKE_MEM_DEFINED(bytes.data(), bytes.size());
  return bytes;
}

bool SharingHoldsItsClaim() {
  std::array<std::byte, 32> secret{};
  std::array<std::byte, 32 * 40> coefficients{};
  secret[3] = std::byte{0xa7};
  coefficients[700] = std::byte{0x31};
  Hide(secret);
  Hide(coefficients);
  const auto shares = SplitSecret(secret, 41, 60, coefficients);
  std::vector<std::uint8_t> xs;
  std::vector<std::span<const std::byte, 32>> chosen;
  for (std::size_t i = 10; i < 51; ++i) {
    xs.push_back(static_cast<std::uint8_t>(i + 1));
    chosen.push_back(shares[i].Reveal(RevealSecret{}).first<32>());
  }
  const SecretBytes rebuilt = Interpolation::At(xs).value().Combine(chosen);
  return Shown(rebuilt)[3] == std::byte{0xa7};
}

bool FieldHoldsItsClaim() {
  std::array<std::uint8_t, 2> factors{0x57, 0x83};
  Hide(factors);
  std::array<std::uint8_t, 2> results{GfMultiply(factors[0], factors[1]), GfInverse(factors[0])};
  VALGRIND_MAKE_MEM_DEFINED(results.data(), results.size());
  return results[0] == 0xc1;
}

int LookUp() {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint8_t>(i * 7);
  volatile std::uint8_t secret = 5;
  VALGRIND_MAKE_MEM_UNDEFINED(&secret, sizeof secret);
  return table[secret];
}

}  // namespace
}  // namespace cairn::secagg

int main(int argc, char** argv) {
  using namespace cairn::secagg;  // NOLINT: a program of its own
  if (argc > 1 && std::string_view(argv[1]) == "table") return LookUp() == 300 ? 1 : 0;
  const bool holds = SharingHoldsItsClaim() && FieldHoldsItsClaim();
  std::puts(holds ? "no branch and no address depends on a secret" : "wrong result");
  return holds ? 0 : 1;
}
