// What a site puts into the vector of a masked sum, and what the sum says.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "core/base/check.h"
#include "core/base/random.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/dp/layered_gaussian.h"
#include "protocol/messages/masked_layout.h"

namespace cairn {
namespace {

using secagg::Ring;

static_assert(std::endian::native == std::endian::little, "ring words travel as they lie in memory");

constexpr std::uint64_t kLimbs = MaskedLayout::kLimbs, kLimbBound = MaskedLayout::kLimbBound;

// Reads and writes one section's words, whatever the ring.
class Words {
 public:
  Words(std::byte* bytes, Ring ring) : bytes_(bytes), is_narrow_(ring == Ring::k32) {}
  void Put(std::uint64_t at, std::uint64_t value) {
    const auto narrow = static_cast<std::uint32_t>(value);
    is_narrow_ ? std::memcpy(bytes_ + at * 4, &narrow, 4) : std::memcpy(bytes_ + at * 8, &value, 8);
  }
  std::uint64_t Get(std::uint64_t at) const {
    std::uint32_t narrow = 0;
    std::uint64_t wide = 0;
    is_narrow_ ? std::memcpy(&narrow, bytes_ + at * 4, 4) : std::memcpy(&wide, bytes_ + at * 8, 8);
    return is_narrow_ ? narrow : wide;
  }
  void PutLimbs(std::uint64_t at, std::uint64_t value) {
    for (std::uint64_t i = 0; i < kLimbs; ++i) Put(at + i, value >> (16 * i) & kLimbBound);
  }
  std::uint64_t GetLimbs(std::uint64_t at) const {
    std::uint64_t value = 0;
    for (std::uint64_t i = 0; i < kLimbs; ++i) value += Get(at + i) << (16 * i);
    return value;
  }

 private:
  std::byte* bytes_;
  bool is_narrow_;
};

struct MetricField {
  const char* name;
  std::vector<std::int64_t> MetricSums::*counts;
};
constexpr MetricField kMetricFields[] = {{"confusion", &MetricSums::confusion},
                                         {"own_scores", &MetricSums::own_scores},
                                         {"rest_scores", &MetricSums::rest_scores}};

Status PutMetrics(const MetricSums& metrics, const MaskedLayout& layout, Words words) {
  if (metrics.classes != layout.classes) {
    return Status(errors::kMetricsLayout, "the metrics count " + std::to_string(metrics.classes) +
                                              " classes, the job's " + std::to_string(layout.classes));
  }
  const MaskedLayout::Place clipped = layout.Find("loss_clipped");
  if (static_cast<std::uint64_t>(metrics.rows) > clipped.section->bound) {
    return Status(errors::kMetricsLayout, "the metrics are of " + std::to_string(metrics.rows) +
                                              " rows, a masked sum holds " +
                                              std::to_string(clipped.section->bound) + " a site");
  }
  words.PutLimbs(layout.Find("rows").offset, static_cast<std::uint64_t>(metrics.rows));
  words.PutLimbs(layout.Find("loss").offset, static_cast<std::uint64_t>(metrics.loss_sum));
  words.Put(clipped.offset, static_cast<std::uint64_t>(metrics.loss_clipped));
  for (const MetricField& field : kMetricFields) {
    const std::uint64_t offset = layout.Find(field.name).offset;
    const auto& counts = metrics.*field.counts;
    for (std::size_t i = 0; i < counts.size(); ++i)
      words.Put(offset + i, static_cast<std::uint64_t>(counts[i]));
  }
  return {};
}

Result<bool> QuantiseSection(std::span<const float> local, std::span<const float> base,
                             const MaskedLayout::Place& place, double weight, const RandomStream& stream,
                             std::span<std::byte> out) {
  if (place.length == 0) return false;
  if (out.size() == place.length * 8) {
    return secagg::Quantise(local, base, *place.section, weight,
                            std::span(reinterpret_cast<std::uint64_t*>(out.data()), place.length));
  }
  return secagg::Quantise(local, base, *place.section, weight, stream,
                          std::span(reinterpret_cast<std::uint32_t*>(out.data()), place.length));
}

Status PutUpdate(const SiteContribution& site, const MaskedLayout& layout, const EncodeTerms& terms,
                 std::span<std::byte> out, Words words) {
  const std::uint64_t weight = terms.weight_by_examples
                                   ? secagg::GridWeight(site.examples, layout.weight_cap, layout.weight_bits)
                                   : std::uint64_t{1} << layout.weight_bits;
  const double share = std::ldexp(static_cast<double>(weight), -layout.weight_bits);
  const std::uint64_t word = layout.ring == Ring::k32 ? 4 : 8;
  const SeededRandom random(terms.seed);
  const UpdateView& view = *site.update;
  bool is_clipped = false;
  const auto put = [&](const char* name, std::span<const float> local, std::span<const float> base,
                       std::uint32_t step) -> Status {
    const MaskedLayout::Place place = layout.Find(name);
    const StreamLabel label{Purpose::kRounding, terms.round.value, terms.client.value, step};
    CAIRN_ASSIGN_OR_RETURN(const bool clipped,
                           QuantiseSection(local, base, place, share, random.Open(label),
                                           out.subspan(place.offset * word, place.length * word)));
    is_clipped = is_clipped || clipped;
    return {};
  };
  CAIRN_RETURN_IF_ERROR(put("parameters", view.local_parameters, view.base_parameters, 0));
  CAIRN_RETURN_IF_ERROR(put("buffers", view.local_buffers, view.base_buffers, 1));
  words.Put(layout.Find("weight").offset, weight);
  if (!layout.noise.has_value()) {
    words.Put(layout.Find("clipped").offset, is_clipped ? 1 : 0);
  } else if (layout.noise->vote > 0) {
    const std::int64_t vote = is_clipped ? -layout.noise->vote : layout.noise->vote;
    words.Put(layout.Find("vote").offset, static_cast<std::uint64_t>(vote));
  }
  return {};
}

// Wraps, as the ring does.
template <class Word>
void AddNoise(const LayeredGaussian& sampler, NoiseBits& bits, std::span<Word> words) {
  std::array<std::int64_t, 1024> noise;
  while (!words.empty()) {
    const std::size_t count = std::min(noise.size(), words.size());
    sampler.Fill(std::span(noise).first(count), bits);
    for (std::size_t i = 0; i < count; ++i) words[i] += static_cast<Word>(noise[i]);
    words = words.subspan(count);
  }
  Wipe(std::as_writable_bytes(std::span(noise)));
}

Status Wrong(const std::string& what) { return Status(errors::kSecAggUnmasked, what); }

Result<MetricSums> OpenMetrics(const MaskedLayout& layout, const Words& words, std::uint64_t survivors) {
  MetricSums metrics = MetricSums::ForClasses(layout.classes);
  metrics.rows = static_cast<std::int64_t>(words.GetLimbs(layout.Find("rows").offset));
  metrics.loss_sum = static_cast<std::int64_t>(words.GetLimbs(layout.Find("loss").offset));
  const MaskedLayout::Place clipped = layout.Find("loss_clipped");
  metrics.loss_clipped = static_cast<std::int64_t>(words.Get(clipped.offset));
  const std::uint64_t bound = survivors * clipped.section->bound;
  const auto rows = static_cast<std::uint64_t>(metrics.rows);
  if (rows > bound || static_cast<std::uint64_t>(metrics.loss_clipped) > rows)
    return Wrong("the sum's metrics are of an impossible number of rows");
  for (const MetricField& field : kMetricFields) {
    const MaskedLayout::Place place = layout.Find(field.name);
    auto& counts = metrics.*field.counts;
    for (std::uint64_t i = 0; i < place.length; ++i) {
      const std::uint64_t count = words.Get(place.offset + i);
      if (count > rows) return Wrong(std::string("the sum's ") + field.name + " count more than its rows");
      counts[i] = static_cast<std::int64_t>(count);
    }
  }
  return metrics;
}

Result<std::int64_t> OpenVote(const MaskedLayout& layout, const Words& words, std::uint64_t survivors) {
  const MaskedLayout::Place place = layout.Find("vote");
  if (place.length == 0) return 0;
  const std::uint64_t word = words.Get(place.offset);
  const std::int64_t vote =
      layout.ring == Ring::k32 ? secagg::Lift(static_cast<std::uint32_t>(word)) : secagg::Lift(word);
  const auto bound = static_cast<std::int64_t>(survivors * place.section->bound);
  if (vote > bound || vote < -bound) return Wrong("the sum's vote is larger than its sites can make it");
  return vote;
}

}  // namespace

Status EncodeContribution(const SiteContribution& site, const MaskedLayout& layout, const EncodeTerms& terms,
                          std::span<std::byte> out) {
  CAIRN_CHECK(out.size() == layout.byte_size(), "the memory is as large as the layout says");
  Words words(out.data(), layout.ring);
  const std::uint64_t word = layout.ring == Ring::k32 ? 4 : 8;
  const std::uint64_t counts_from = layout.kind == RoundKind::kTrain ? layout.Find("weight").offset : 0;
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(counts_from * word), out.end(), std::byte{0});
  if (layout.kind == RoundKind::kTrain) CAIRN_RETURN_IF_ERROR(PutUpdate(site, layout, terms, out, words));
  const std::uint64_t check = layout.Find("check").offset;
  for (std::uint64_t i = 0; i < 4; ++i) words.Put(check + i, 1);
  const std::int64_t examples = layout.noise.has_value() ? 1 : site.examples;
  words.PutLimbs(layout.Find("examples").offset, static_cast<std::uint64_t>(examples));
  if (layout.classes > 0 && site.metrics != nullptr && !site.metrics->empty())
    return PutMetrics(*site.metrics, layout, words);
  return {};
}

Status AddNoiseShares(const MaskedLayout& layout, NoiseBits& bits, std::span<std::byte> words) {
  CAIRN_CHECK(words.size() == layout.byte_size(), "the memory is as large as the layout says");
  if (!layout.noise.has_value() || layout.noise->share_sigma == 0) return {};
  CAIRN_ASSIGN_OR_RETURN(const GaussianScale scale, GaussianScale::AtLeast(layout.noise->share_sigma));
  const LayeredGaussian sampler(scale);
  for (const char* name : {"parameters", "vote"}) {
    const MaskedLayout::Place place = layout.Find(name);
    if (layout.ring == Ring::k32) {
      AddNoise(sampler, bits,
               std::span(reinterpret_cast<std::uint32_t*>(words.data()) + place.offset, place.length));
    } else {
      AddNoise(sampler, bits,
               std::span(reinterpret_cast<std::uint64_t*>(words.data()) + place.offset, place.length));
    }
  }
  return {};
}

Result<OpenedCounts> OpenCounts(std::span<const std::byte> sum, const MaskedLayout& layout,
                                std::uint64_t survivors) {
  CAIRN_CHECK(sum.size() == layout.byte_size(), "a sum has its layout's size");
  const Words words(const_cast<std::byte*>(sum.data()), layout.ring);
  const std::uint64_t check = layout.Find("check").offset;
  for (std::uint64_t i = 0; i < 4; ++i) {
    if (words.Get(check + i) != survivors)
      return Wrong("the sum still holds a mask: its counts are not the survivors'");
  }
  OpenedCounts opened;
  if (layout.kind == RoundKind::kTrain) {
    opened.weight = words.Get(layout.Find("weight").offset);
    opened.clipped = words.Get(layout.Find("clipped").offset);
    const std::uint64_t most = survivors << layout.weight_bits;
    if (opened.weight < survivors || opened.weight > most) return Wrong("the sum's weight is impossible");
    if (opened.clipped > survivors) return Wrong("the sum counts more clipped sites than survivors");
    CAIRN_ASSIGN_OR_RETURN(opened.vote, OpenVote(layout, words, survivors));
  }
  opened.examples = static_cast<std::int64_t>(words.GetLimbs(layout.Find("examples").offset));
  if (opened.examples < 0) return Wrong("the sum's examples are impossible");
  if (layout.classes > 0) {
    CAIRN_ASSIGN_OR_RETURN(opened.metrics, OpenMetrics(layout, words, survivors));
  }
  return opened;
}

}  // namespace cairn
