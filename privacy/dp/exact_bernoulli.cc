#include "privacy/dp/exact_bernoulli.h"

namespace cairn {
namespace {

// e^(−p/q) for p ≤ q: the length of a run of coins with chances (p/q)/1, (p/q)/2, … is even with this chance.
bool FlipSmallExp(Uint128 p, Uint128 q, NoiseBits& bits) {
  Uint128 k = 1;
  while (FlipRational(p, q * k, bits)) ++k;
  return k % 2 == 1;
}

}  // namespace

bool FlipRational(Uint128 p, Uint128 q, NoiseBits& bits) { return bits.Below(q) < p; }

bool FlipExpMinus(Uint128 p, Uint128 q, NoiseBits& bits) {
  for (; p > q; p -= q) {
    if (!FlipSmallExp(1, 1, bits)) return false;
  }
  return FlipSmallExp(p, q, bits);
}

}  // namespace cairn
