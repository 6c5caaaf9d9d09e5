#pragma once

#include "privacy/dp/noise_bits.h"

namespace cairn {

using Uint128 = unsigned __int128;

// Coins whose chance of true is exactly what it says, in integers alone (Canonne, Kamath, Steinke 2020,
// arXiv 2004.00010, Algorithm 1).

// p/q; p ≤ q, 0 < q.
bool FlipRational(Uint128 p, Uint128 q, NoiseBits& bits);
// e^(−p/q); q > 0, q below 2^120.
bool FlipExpMinus(Uint128 p, Uint128 q, NoiseBits& bits);

}  // namespace cairn
