#include "aggregator/aggregation/ring_sum.h"

#include <cmath>
#include <string>

#include "core/base/check.h"
#include "privacy/dp/noised_sum.h"

namespace cairn {
namespace {

// A section's totals as signed integers, each within what `survivors` sites may add up to.
template <class Word>
Result<std::vector<std::int64_t>> TotalsOf(std::span<const Word> words, const MaskedLayout::Place& place,
                                           std::uint64_t survivors) {
  std::vector<std::int64_t> totals(place.length);
  if (place.length == 0) return totals;
  const auto bound = static_cast<std::int64_t>(survivors * place.section->bound);
  for (std::uint64_t i = 0; i < place.length; ++i) {
    totals[i] = secagg::Lift(words[place.offset + i]);
    if (totals[i] > bound || totals[i] < -bound) {
      return Status(errors::kSecAggUnmasked, "element " + std::to_string(i) + " of the sum's " +
                                                 place.section->name +
                                                 " is larger than its sites can make it");
    }
  }
  return totals;
}

// The parameters' totals and the vote, under noise of one deviation, drawn once under the permit.
Status AddNoise(const ClientNoise& noise, std::optional<CentralRelease> central,
                std::vector<std::int64_t>& totals, std::int64_t& vote) {
  if (!central.has_value())
    return Status(errors::kInternal, "a sum that noise should hide was to be read without it");
  const bool has_vote = noise.vote > 0;
  if (has_vote) totals.push_back(vote);
  CAIRN_ASSIGN_OR_RETURN(NoisedSum noised, NoisedSum::Release(std::move(totals), noise.grid(), central->bits,
                                                              std::move(central->permit)));
  totals = std::move(noised).TakeSteps();
  if (!has_vote) return {};
  vote = totals.back();
  totals.pop_back();
  return {};
}

template <class Word>
Status OpenUpdate(std::span<const Word> words, const MaskedLayout& layout, std::uint64_t survivors,
                  std::optional<CentralRelease> central, OpenedSum& opened) {
  const auto weight = static_cast<std::int64_t>(opened.counts.weight);
  const auto open = [&](const char* name, bool is_noised, std::vector<float>& into) -> Status {
    const MaskedLayout::Place place = layout.Find(name);
    CAIRN_ASSIGN_OR_RETURN(auto totals, TotalsOf(words, place, survivors));
    if (place.length == 0) return {};
    if (is_noised)
      CAIRN_RETURN_IF_ERROR(AddNoise(*layout.noise, std::move(central), totals, opened.counts.vote));
    into = MeanOfTotals(totals, place.section->fraction_bits, weight, layout.weight_bits);
    return {};
  };
  const bool is_noised = layout.noise.has_value() && layout.noise->sum_sigma > 0;
  CAIRN_RETURN_IF_ERROR(open("parameters", is_noised, opened.update.parameters));
  return open("buffers", false, opened.update.buffers);
}

// Σ(b − ½) = vote/2V of those who reported.
std::optional<double> ShareWithin(const MaskedLayout& layout, std::int64_t vote, std::uint64_t survivors) {
  if (!layout.noise.has_value() || layout.noise->vote == 0) return std::nullopt;
  const double half = static_cast<double>(vote) / (2 * static_cast<double>(layout.noise->vote));
  return half / static_cast<double>(survivors) + 0.5;
}

}  // namespace

RingSum::RingSum(std::shared_ptr<const MaskedLayout> layout) : layout_(std::move(layout)) {
  layout_->ring == secagg::Ring::k32 ? narrow_.resize(layout_->words()) : wide_.resize(layout_->words());
}

std::span<const std::byte> RingSum::bytes() const {
  return layout_->ring == secagg::Ring::k32 ? std::as_bytes(std::span(narrow_))
                                            : std::as_bytes(std::span(wide_));
}

std::span<std::byte> RingSum::mutable_bytes() {
  return layout_->ring == secagg::Ring::k32 ? std::as_writable_bytes(std::span(narrow_))
                                            : std::as_writable_bytes(std::span(wide_));
}

void RingSum::Add(std::span<const std::byte> words) {
  CAIRN_CHECK(words.size() == layout_->byte_size(), "a vector of another size was not refused");
  if (layout_->ring == secagg::Ring::k32) {
    secagg::AddWords({reinterpret_cast<const std::uint32_t*>(words.data()), narrow_.size()}, narrow_);
  } else {
    secagg::AddWords({reinterpret_cast<const std::uint64_t*>(words.data()), wide_.size()}, wide_);
  }
}

void RingSum::Merge(const RingSum& other) { Add(other.bytes()); }

void RingSum::Unmask(const secagg::UnmaskWork& work) {
  if (layout_->ring == secagg::Ring::k32) {
    secagg::Unmask(work, 0, narrow_);
  } else {
    secagg::Unmask(work, 0, wide_);
  }
}

Result<OpenedSum> OpenRingSum(const RingSum& sum, const UpdateLayout& update, std::uint64_t survivors,
                              std::optional<CentralRelease> central) {
  const MaskedLayout& layout = sum.layout();
  OpenedSum opened;
  CAIRN_ASSIGN_OR_RETURN(opened.counts, OpenCounts(sum.bytes(), layout, survivors));
  if (layout.kind != RoundKind::kTrain) return opened;
  AggregateUpdate& mean = opened.update;
  mean.layout = update;
  const std::span<const std::byte> bytes = sum.bytes();
  if (layout.ring == secagg::Ring::k32) {
    const std::span words(reinterpret_cast<const std::uint32_t*>(bytes.data()), layout.words());
    CAIRN_RETURN_IF_ERROR(OpenUpdate(words, layout, survivors, std::move(central), opened));
  } else {
    const std::span words(reinterpret_cast<const std::uint64_t*>(bytes.data()), layout.words());
    CAIRN_RETURN_IF_ERROR(OpenUpdate(words, layout, survivors, std::move(central), opened));
  }
  opened.share_within = ShareWithin(layout, opened.counts.vote, survivors);
  mean.total_weight = std::ldexp(static_cast<double>(opened.counts.weight), -layout.weight_bits);
  mean.count = survivors;
  return opened;
}

}  // namespace cairn
