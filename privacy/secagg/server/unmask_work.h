#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "privacy/crypto/secret_bytes.h"

namespace cairn::secagg {

// What takes the masks off the sum: run on lanes, by ranges of words.
struct UnmaskWork {
  struct Term {
    SecretBytes key;
    bool subtract = true;
  };
  std::vector<Term> terms;
};
void Unmask(const UnmaskWork& work, std::uint64_t first_word, std::span<std::uint32_t> words);
void Unmask(const UnmaskWork& work, std::uint64_t first_word, std::span<std::uint64_t> words);

// Calls body(0) … body(n − 1), each once, in any order and on any threads, and returns when all are done.
using ParallelFor = std::function<void(std::size_t n, const std::function<void(std::size_t)>& body)>;
void OneAfterTheOther(std::size_t n, const std::function<void(std::size_t)>& body);

}  // namespace cairn::secagg
