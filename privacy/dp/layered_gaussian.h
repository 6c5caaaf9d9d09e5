#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/base/result.h"
#include "privacy/dp/gaussian_scale.h"
#include "privacy/dp/noise_bits.h"

namespace cairn {

// Draws the discrete Gaussian N_Z(0, σ²), exactly and fast: the law of ExactGaussian, another stream.
//
// The line of magnitudes is cut into 256 layers of W = 2^w numbers, at least 8σ together. A layer is chosen
// by an integer weight at least as large as e^(−y²/2σ²)·2^40 within it (alias tables; Walker 1977, Vose
// 1991), a number in it by plain bits, and kept with the chance e^(−y²/2σ²)·2^40/weight. That coin is
// compared first with a bound that the whole layer meets, then in double precision with a margin wider than
// every rounding error, and in the rest, 2^−41 of draws, by integers of as many digits as it takes
// (exp_comparison.h). Beyond the layers the weights fall by 7/8 a layer for ever, which the true ones fall
// faster than, and every coin there is exact. How long a draw takes depends on the numbers drawn.
// Thread-compatible.
class LayeredGaussian {
 public:
  explicit LayeredGaussian(GaussianScale scale);

  void Fill(std::span<std::int64_t> out, NoiseBits& bits) const;
  GaussianScale scale() const { return scale_; }
  // Half of what double precision leaves open; tests widen it to send more coins the exact way.
  void set_margin(double margin) { margin_ = margin; }
  // One proposal beyond the layers; false when it is not kept. Fill makes one in 10^13 draws, tests make
  // more.
  bool DrawTail(NoiseBits& bits, std::uint64_t* magnitude) const;

 private:
  static constexpr unsigned kLayers = 256, kSlots = 512, kWeightBits = 40;
  static constexpr unsigned kTail = kLayers, kNothing = kLayers + 1;  // what a slot may name beside a layer

  struct Slot {
    std::uint32_t threshold = 0;  // of 22 bits: below it `primary`, above it `alias`
    std::uint16_t primary = kNothing, alias = kNothing;
  };
  struct Layer {
    std::uint64_t weight = 0;
    double to_chance = 0;  // 2^40/weight
  };
  struct Proposal {
    std::uint32_t name = kNothing;  // of a layer, kTail or kNothing
    std::uint64_t magnitude = 0;
  };

  void BuildLayers();
  void BuildSlots();
  Proposal Propose(std::uint64_t word) const;
  std::uint32_t ChooseAtThreshold(std::uint64_t word, NoiseBits& bits) const;
  bool Decide(std::uint64_t word, std::uint64_t coin, Proposal& proposal, NoiseBits& bits) const;
  bool Keeps(const Proposal& proposal, std::uint64_t coin, NoiseBits& bits) const;
  bool KeepsExactly(std::uint64_t weight, unsigned sevenths, std::uint64_t magnitude, std::uint64_t coin,
                    NoiseBits& bits) const;

  GaussianScale scale_;
  double minus_half_inverse_square_;  // −1/2σ²
  double margin_ = 0x1p-42;
  unsigned width_bits_ = 0;  // w
  std::uint64_t capacity_ = 0;
  std::array<Layer, kLayers> layers_;
  // Coins of 16 bits below this are kept whatever the number; 0 for what is no layer.
  std::array<std::uint32_t, kSlots> surely_{};
  std::array<Slot, kSlots> slots_;
  std::array<std::uint64_t, kSlots> rests_{};  // at its threshold a slot is primary with chance rest/capacity
};

}  // namespace cairn
