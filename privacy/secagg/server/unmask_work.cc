#include "privacy/secagg/server/unmask_work.h"

#include "privacy/secagg/shared/mask_kernel.h"

namespace cairn::secagg {
namespace {

template <class Word>
void AddAll(const UnmaskWork& work, std::uint64_t first_word, std::span<Word> words) {
  std::vector<MaskTerm> terms;
  terms.reserve(work.terms.size());
  for (const UnmaskWork::Term& term : work.terms) {
    terms.push_back({term.key.Reveal(RevealSecret{}).first<32>(), term.subtract});
  }
  AddMasks(terms, first_word, words);
}

}  // namespace

void Unmask(const UnmaskWork& work, std::uint64_t first_word, std::span<std::uint32_t> words) {
  AddAll(work, first_word, words);
}
void Unmask(const UnmaskWork& work, std::uint64_t first_word, std::span<std::uint64_t> words) {
  AddAll(work, first_word, words);
}

void OneAfterTheOther(std::size_t n, const std::function<void(std::size_t)>& body) {
  for (std::size_t i = 0; i < n; ++i) body(i);
}

}  // namespace cairn::secagg
