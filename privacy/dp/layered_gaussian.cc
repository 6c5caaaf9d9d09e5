#include "privacy/dp/layered_gaussian.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "core/base/check.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/dp/exact_bernoulli.h"
#include "privacy/dp/exp_comparison.h"

namespace cairn {
namespace {

constexpr unsigned kChoiceBits = 22;
constexpr std::uint64_t kTailWeight = 8;  // Σ (7/8)^j, of layers whose weight starts at 1

std::uint32_t ChoiceOf(std::uint64_t word) {
  return static_cast<std::uint32_t>(word >> 32) & ((1u << kChoiceBits) - 1);
}

}  // namespace

LayeredGaussian::LayeredGaussian(GaussianScale scale)
    : scale_(scale), minus_half_inverse_square_(-0.5 / (scale.sigma() * scale.sigma())) {
  // 256·2^w ≥ 8σ: then the true weights fall by e^(−513/2048) < 7/8 a layer beyond.
  while (std::ldexp(1.0, static_cast<int>(width_bits_)) * kLayers < 8 * scale.sigma()) ++width_bits_;
  BuildLayers();
  BuildSlots();
}

// Rounding errors of exp and of its argument, below 2^−44 relative, are covered by a factor 1 ± 2^−42.
void LayeredGaussian::BuildLayers() {
  const double width = std::ldexp(1.0, static_cast<int>(width_bits_));
  for (unsigned i = 0; i < kLayers; ++i) {
    const double nearest = i * width, furthest = (i + 1) * width - 1;
    const double highest = std::exp(minus_half_inverse_square_ * nearest * nearest);
    const double lowest = std::exp(minus_half_inverse_square_ * furthest * furthest);
    Layer& layer = layers_[i];
    layer.weight = static_cast<std::uint64_t>(std::ceil(std::ldexp(highest * (1 + 0x1p-42), kWeightBits)));
    layer.to_chance = std::ldexp(1.0, kWeightBits) / static_cast<double>(layer.weight);
    surely_[i] = static_cast<std::uint32_t>(lowest * (1 - 0x1p-42) * layer.to_chance * 0x1p16);
  }
}

// Vose's construction on integers: every slot holds `capacity` units of at most two names. What rounding the
// capacity up leaves over belongs to nobody, and such a draw is made again.
void LayeredGaussian::BuildSlots() {
  std::vector<std::uint64_t> units(kSlots, 0);
  for (unsigned i = 0; i < kLayers; ++i) units[i] = layers_[i].weight;
  units[kTail] = kTailWeight;
  const std::uint64_t total = std::accumulate(units.begin(), units.end(), std::uint64_t{0});
  capacity_ = (total + kSlots - 1) / kSlots;
  units[kNothing] = capacity_ * kSlots - total;

  std::vector<std::uint16_t> small, large;
  for (std::uint16_t i = 0; i < kSlots; ++i) (units[i] < capacity_ ? small : large).push_back(i);
  const auto place = [&](std::uint16_t name, std::uint16_t alias, std::uint64_t own) {
    Slot& slot = slots_[name];
    slot.primary = name, slot.alias = alias;
    const Uint128 scaled = static_cast<Uint128>(own) << kChoiceBits;
    slot.threshold = static_cast<std::uint32_t>(scaled / capacity_);
    rests_[name] = static_cast<std::uint64_t>(scaled % capacity_);
  };
  while (!small.empty() && !large.empty()) {
    const std::uint16_t less = small.back(), more = large.back();
    small.pop_back();
    place(less, more, units[less]);
    units[more] -= capacity_ - units[less];
    if (units[more] < capacity_) large.pop_back(), small.push_back(more);
  }
  CAIRN_CHECK(small.empty(), "units add up to the slots' capacity");
  for (const std::uint16_t name : large) place(name, name, capacity_);
}

// A word: 9 bits of slot, one of sign, 22 of choice, 32 of place in the layer.
LayeredGaussian::Proposal LayeredGaussian::Propose(std::uint64_t word) const {
  const Slot& slot = slots_[word >> 55];
  const bool is_primary = ChoiceOf(word) < slot.threshold;
  const std::uint32_t name = is_primary ? slot.primary : slot.alias;
  return {name, (std::uint64_t{name} << width_bits_) + ((word & 0xffffffff) >> (32 - width_bits_))};
}

std::uint32_t LayeredGaussian::ChooseAtThreshold(std::uint64_t word, NoiseBits& bits) const {
  const std::uint64_t slot = word >> 55;
  return FlipRational(rests_[slot], capacity_, bits) ? slots_[slot].primary : slots_[slot].alias;
}

bool LayeredGaussian::KeepsExactly(std::uint64_t weight, unsigned sevenths, std::uint64_t magnitude,
                                   std::uint64_t coin, NoiseBits& bits) const {
  const ExpQuestion question{magnitude, scale_.numerator, scale_.shift, weight, kWeightBits, sevenths};
  std::vector<std::uint64_t> coins{coin};
  while (true) {
    const Comparison answer = CompareWithExp(question, coins);
    if (answer != Comparison::kUndecided) return answer == Comparison::kLess;
    coins.push_back(bits());
  }
}

bool LayeredGaussian::Keeps(const Proposal& proposal, std::uint64_t coin, NoiseBits& bits) const {
  const Layer& layer = layers_[proposal.name];
  const auto y = static_cast<double>(proposal.magnitude);
  const double chance = std::exp(minus_half_inverse_square_ * y * y) * layer.to_chance;
  const double distance = static_cast<double>(coin) * 0x1p-64 - chance;
  if (std::fabs(distance) > margin_) return distance < 0;
  return KeepsExactly(layer.weight, 0, proposal.magnitude, coin, bits);
}

// What the coin of 16 bits alone does not settle.
bool LayeredGaussian::Decide(std::uint64_t word, std::uint64_t coin, Proposal& proposal,
                             NoiseBits& bits) const {
  if (ChoiceOf(word) == slots_[word >> 55].threshold) {
    proposal.name = ChooseAtThreshold(word, bits);
    proposal.magnitude =
        (std::uint64_t{proposal.name} << width_bits_) + ((word & 0xffffffff) >> (32 - width_bits_));
  }
  if (proposal.name == kTail) return DrawTail(bits, &proposal.magnitude);
  if (proposal.name >= kLayers) return false;
  return coin < surely_[proposal.name] || Keeps(proposal, coin << 48 | bits() >> 16, bits);
}

bool LayeredGaussian::DrawTail(NoiseBits& bits, std::uint64_t* magnitude) const {
  unsigned beyond = 0;
  while (bits() >> 61 != 0) ++beyond;  // 7/8
  *magnitude =
      ((std::uint64_t{kLayers} + beyond) << width_bits_) + (bits() & ((std::uint64_t{1} << width_bits_) - 1));
  return KeepsExactly(1, beyond, *magnitude, bits(), bits);
}

void LayeredGaussian::Fill(std::span<std::int64_t> out, NoiseBits& bits) const {
  constexpr std::size_t kBlock = 1024;
  std::array<std::uint64_t, kBlock + kBlock / 4> words;  // then four coins a word
  for (std::size_t filled = 0; filled < out.size();) {
    const std::size_t draws = std::min(kBlock, (out.size() - filled + 7) / 8 * 8);
    bits.Take(std::span(words).first(draws + draws / 4));
    const auto* coins = reinterpret_cast<const std::byte*>(&words[draws]);
    const std::span<std::int64_t> rest = out.subspan(filled);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < draws && kept < rest.size(); ++i) {
      const std::uint64_t word = words[i];
      std::uint16_t coin;
      std::memcpy(&coin, coins + 2 * i, sizeof coin);
      Proposal proposal = Propose(word);
      const bool is_settled = coin < surely_[proposal.name] && ChoiceOf(word) != slots_[word >> 55].threshold;
      if (!is_settled && !Decide(word, coin, proposal, bits)) continue;
      const auto value = static_cast<std::int64_t>(proposal.magnitude);
      const auto sign = static_cast<std::int64_t>(word >> 54 & 1);
      rest[kept] = (value ^ -sign) + sign;
      kept += sign == 0 || value != 0 ? 1 : 0;  // zero has one sign
    }
    filled += kept;
  }
  Wipe(std::as_writable_bytes(std::span(words)));
}

}  // namespace cairn
