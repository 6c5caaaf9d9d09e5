#include "privacy/crypto/five_words.h"

#include <cstddef>

#include "core/base/check.h"

namespace cairn {
namespace {

constexpr std::string_view kFirst = "bdfgjklmnprstvwz";  // 4 bits
constexpr std::string_view kMiddle = "lmnrstvz";         // 3 bits
constexpr std::string_view kVowels = "aeio";             // 2 bits, twice
constexpr unsigned kWords = 2048, kWordBits = 11, kWordCount = 5;
static_assert(kFirst.size() * kMiddle.size() * kVowels.size() * kVowels.size() == kWords);

bool BitAt(const Sha256Digest& hash, unsigned bit) {
  return (hash.bytes[bit / 8] >> (7 - bit % 8) & std::byte{1}) != std::byte{0};
}

std::string Folded(std::string_view text) {
  std::string folded;
  for (const char c : text) {
    if (c == ' ' || c == '-' || c == ',' || c == '\t') continue;
    folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return folded;
}

}  // namespace

std::string WordFor(unsigned index) {
  CAIRN_CHECK(index < kWords, "the list has 2,048 words");
  return {kFirst[index >> 7], kVowels[index >> 5 & 3], kMiddle[index >> 2 & 7], kVowels[index & 3]};
}

std::string FiveWords(const Sha256Digest& hash) {
  std::string text;
  for (unsigned word = 0; word < kWordCount; ++word) {
    unsigned index = 0;
    for (unsigned bit = 0; bit < kWordBits; ++bit)
      index = index << 1 | (BitAt(hash, word * kWordBits + bit) ? 1u : 0u);
    text += (word == 0 ? "" : " ") + WordFor(index);
  }
  return text;
}

bool SameWords(std::string_view a, std::string_view b) { return Folded(a) == Folded(b); }

}  // namespace cairn
