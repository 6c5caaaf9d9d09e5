#pragma once

#include <cstdint>
#include <span>

#include "core/base/result.h"
#include "privacy/accounting/privacy_event.h"
#include "privacy/dp/noise_adder.h"
#include "privacy/dp/noise_bits.h"
#include "protocol/messages/job.h"

namespace cairn {

// How whole clients are protected in one training round. A client's update is clipped to the Euclidean norm S
// and rounded to multiples of 2^-f, so that zeroing it changes the sum by at most ρ = S·2^f + √d + 1 steps;
// noise of deviation z·ρ steps in the sum hides that. It is drawn by the aggregator (central; McMahan et al.
// 2018, arXiv 1710.06963, Algorithm 1), by each of n honest clients a share of z·ρ/√n (distributed; Kairouz,
// Liu, Steinke 2021, arXiv 2102.06387, with rounding to the nearest instead of its conditional one, which so
// fine a grid does not need), or by each client alone (local).
//
// With an adaptive clip a client also says whether its update was within it, as +V or −V steps on a
// coordinate of its own under the same noise (Andrew et al. 2021, arXiv 1905.03871, Theorem 1): ρ then covers
// both, and V is as small as makes the deviation of the count σ_b = max(z, m/20) clients, of m that report.
//
// Pure functions of the job, the number of parameters and the clip, so that site and aggregator agree.
struct ClientNoise {
  double clip = 1;                 // S
  std::uint8_t fraction_bits = 0;  // f: the finest grid, within the ring and what the sampler can draw
  std::uint64_t dimension = 0;     // d: parameters, and the vote where there is one
  double sensitivity = 0;          // ρ, in steps
  bool is_adaptive = false;
  std::int64_t vote = 0;   // V, in steps; 0: the clip stays
  double share_sigma = 0;  // of the noise that each client adds to each coordinate, in steps; 0: none
  double sum_sigma = 0;    // of the aggregator's; 0: none
  friend bool operator==(const ClientNoise&, const ClientNoise&) = default;

  // What a client's share is taken to stay within, by the bounds of an opened sum: ten deviations, which one
  // of 10^22 draws passes.
  std::uint64_t share_bound() const;
  NoiseGrid grid() const;  // of the sum
};

bool ProtectsClients(const JobSpec& spec);
// `clip` is the round's. Total: for terms that CheckClientNoise refuses it gives numbers that mean nothing.
ClientNoise ClientNoiseOf(const JobSpec& spec, std::uint64_t parameters, double clip);
// kPrivacyParameter: a clip out of range, noise too narrow or too wide for the grid that the ring leaves, a
// vote that would not be heard.
Status CheckClientNoise(const ClientNoise& noise);
// What one round costs each client that took part: zero-out, everybody's part known.
Result<PrivacyEvent> ClientEventOf(const PrivacyTerms& terms, const ClientNoise& noise,
                                   std::uint32_t fewest_survivors);

// S·exp(−η_C(b − γ)) within the range of clips, where b is the noised share of clients that were within S.
double NextClip(const PrivacyTerms& terms, double clip, double share_within);

}  // namespace cairn
