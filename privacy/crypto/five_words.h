#pragma once

#include <string>
#include <string_view>

#include "privacy/crypto/sha256.h"

namespace cairn {

// Five words that two people compare by phone: the first 55 bits of a hash, 11 a word, from a fixed
// list of 2,048 made words of two syllables ("balo", "kemi"), one for each value: consonant, vowel,
// consonant, vowel. The list never changes: both ends must say the same words across versions.
std::string FiveWords(const Sha256Digest& hash);
std::string WordFor(unsigned index);  // index below 2,048

// Equal as people type: letter case and the spaces between do not matter.
bool SameWords(std::string_view a, std::string_view b);

}  // namespace cairn
