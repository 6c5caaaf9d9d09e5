#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/tensor/update.h"
#include "privacy/secagg/shared/grid.h"
#include "protocol/messages/client_noise.h"
#include "protocol/messages/job.h"
#include "protocol/messages/metrics.h"
#include "protocol/messages/work.h"

namespace cairn {

// The vector a site adds to a masked sum: everything it has to say about a round, in one run of ring words.
//
//   parameters, buffers   q of every exchanged element (secagg/shared/grid.h)       training rounds
//   weight                w_int                                                      training rounds
//   check                 1, 1, 1, 1: what the sum must show for the masks to be off
//   clipped               1 where the L2 clip shortened a section                    training rounds
//   vote                  +V where the update was within the clip, −V where not      where the clip adapts
//   examples              rows trained on, 16 bits a word, lowest first
//   rows, loss            of the metrics, likewise (loss in two's complement)        where metrics are
//   federated loss_clipped, confusion, own_scores, rest_scores   counts, one a word            where metrics
//   are federated
//
// Of a job that protects whole clients (client_noise.h) parameters are clipped to the round's clip on the
// grid of its noise, every site's rows count as one, and nothing is said of who was clipped but by the vote.
//
// Both sides derive it from the approved manifest; the section table is part of the round context.
struct MaskedLayout {
  // Of a 64-bit number, 16 bits each, so that the sum of 2^16 sites fits a ring of 32 bits.
  static constexpr std::uint64_t kLimbs = 4, kLimbBound = 0xffff;

  std::vector<secagg::Section> sections;
  secagg::Ring ring = secagg::Ring::k64;
  std::uint8_t weight_bits = 40;
  std::uint32_t weight_cap = 1;
  std::uint32_t classes = 0;  // 0: no metrics
  RoundKind kind = RoundKind::kTrain;
  std::optional<ClientNoise> noise;  // of training rounds that protect whole clients

  std::uint64_t words() const;
  std::uint64_t byte_size() const { return words() * (ring == secagg::Ring::k32 ? 4 : 8); }
  // Where a section starts and its length; length 0 when the layout lacks it.
  struct Place {
    std::uint64_t offset = 0, length = 0;
    const secagg::Section* section = nullptr;
  };
  Place Find(std::string_view name) const;
};

// `clip` is the round's own, of jobs that protect whole clients; 0 takes the job's, which gives the same
// sizes.
MaskedLayout MaskedLayoutOf(const JobManifest& manifest, const UpdateLayout& update, RoundKind kind,
                            double clip = 0);
// Whether updates are summed in a ring even where nothing is masked, as within a simulation: where the ring
// is more than the exact sum in another form.
bool NeedsRing(const JobSpec& spec);

// What one site's report of a training round weighs: its masked vector, or its update where the job is plain.
std::uint64_t UploadBytes(const JobManifest& manifest, const UpdateLayout& update);

// Largest cohort that is summed in one vector, of a grouped job one group: what the ring must hold without
// wrapping.
std::uint32_t LargestCohort(const JobSpec& spec);
// Fewest sites such a sum is made with.
std::uint32_t SmallestMaskedCohort(const JobSpec& spec);

// What a site contributes as layout.byte_size() words in `out`, before any mask. `seed`, round and client
// open the stream of the rounding bits (k32): the same site, round and update give the same words in every
// attempt. Errors: kUpdateNotFinite; kMetricsLayout for other classes than the manifest's or counts over the
// section's bound.
struct SiteContribution {
  const UpdateView* update = nullptr;  // null for evaluation rounds
  std::int64_t examples = 0;
  const MetricSums* metrics = nullptr;  // null or empty: zeros
};
struct EncodeTerms {
  std::uint64_t seed = 0;
  RoundId round;
  ClientId client;
  bool weight_by_examples = true;
};
// Without noise: AddNoiseShares is the next step where the layout asks for it.
Status EncodeContribution(const SiteContribution& site, const MaskedLayout& layout, const EncodeTerms& terms,
                          std::span<std::byte> out);

// Adds this site's share of the noise to what it encoded, fresh for each attempt; nothing where the noise is
// not the sites'. kPrivacyParameter where the noise does not fit the sampler.
Status AddNoiseShares(const MaskedLayout& layout, NoiseBits& bits, std::span<std::byte> words);

// The four counts, bounds and totals of an opened sum, checked (kSecAggUnmasked); sections stay as words.
struct OpenedCounts {
  std::uint64_t weight = 0;  // Σ w_int
  std::int64_t examples = 0;
  std::uint64_t clipped = 0;
  std::int64_t vote = 0;  // Σ of the votes, in steps, with whatever noise the sites added
  MetricSums metrics;
};
Result<OpenedCounts> OpenCounts(std::span<const std::byte> sum, const MaskedLayout& layout,
                                std::uint64_t survivors);

}  // namespace cairn
