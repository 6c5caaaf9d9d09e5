#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/random.h"

// What masking is measured against, compiled for this very machine with all optimisations on.

namespace cairn {

// One mask on a vector the way published implementations put it there: OpenSSL fills a buffer of a hundred
// blocks, each value is put together byte by byte and added by a remainder (structure of
// google-parfait/federated-compute, fcp/secagg/shared/map_of_masks.cc at 2d90d0c).
void PlainMask(std::span<const std::byte, 32> key, std::uint64_t modulus, std::span<std::uint64_t> values);

// The same buffer read as words and added without a remainder: the plainest loop for a ring of 2^32.
void WordMask(std::span<const std::byte, 32> key, std::span<std::uint32_t> words);

// Stochastic rounding as one first writes it: floor, one draw a coordinate.
void PlainRound(std::span<const float> local, std::span<const float> base, double factor,
                RandomStream& random, std::span<std::uint32_t> words);

// X25519 over and over through OpenSSL, with everything that can be kept kept: its rate.
void RawAgreements(std::size_t count);

// The rounds of AES-256 for `bytes` of keystream and nothing else: no counter, no load, no store. Nothing can
// be faster on this CPU. The result keeps the compiler from leaving it out.
std::uint64_t CipherRounds(std::size_t bytes);

}  // namespace cairn
