#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cairn::secagg {

// One AES-256 key whose keystream is added to a vector or taken off it.
struct MaskTerm {
  std::span<const std::byte, 32> key;
  bool subtract = false;
};

// words[i] ±= word (first_word + i) of each key's keystream, mod 2^32 (2^64): the keystream of CtrStream read
// as little-endian words. first_word · word size is a multiple of 16, and no key goes beyond its 2^32 blocks.
// One pass over `words` for every 32 keys, in tiles that stay in L1; expanded keys are wiped. Picks VAES-512,
// AES-NI or OpenSSL by CPU; every one gives the same words. Thread-safe: lanes split a vector by ranges.
void AddMasks(std::span<const MaskTerm> terms, std::uint64_t first_word, std::span<std::uint32_t> words);
void AddMasks(std::span<const MaskTerm> terms, std::uint64_t first_word, std::span<std::uint64_t> words);

// "vaes512", "aesni", "openssl". At first use 64 random triples are compared with OpenSSL; a kernel that
// differs is switched off and MaskKernelFault() says so.
const char* MaskKernel();
bool MaskKernelFault();
// For tests and benchmarks: false where the CPU lacks it; "auto" resets. Set before lanes start.
bool ForceMaskKernel(const char* name);

}  // namespace cairn::secagg
