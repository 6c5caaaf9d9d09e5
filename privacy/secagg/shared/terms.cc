#include "privacy/secagg/shared/terms.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "privacy/secagg/shared/graph.h"
#include "privacy/secagg/shared/transcript.h"

namespace cairn::secagg {
namespace {

constexpr std::uint32_t kSurvivorRule = 1;  // max(min_cohort, ⌊2·|U1|/3⌋ + 1)
constexpr std::uint8_t kContextFields = 25;
constexpr std::uint32_t kFull = 1, kGrouped = 2;
constexpr std::uint32_t kCompleteGraph = 1, kRegularGraph = 2;
constexpr std::uint64_t kMaxKeystream = std::uint64_t{1} << 36;  // bytes: 2^32 blocks of one key

Status Refused(std::string what) { return Status(errors::kSecAggTerms, std::move(what)); }

std::uint32_t BitsOf(Ring ring) { return static_cast<std::uint32_t>(ring); }

// Sections one after the other, as one field: however many there are, the transcript stays below 255 fields.
Bytes TableOf(const std::vector<Section>& sections) {
  Bytes table;
  for (const Section& section : sections) {
    const Bytes row = Transcript("section")
                          .Text(section.name)
                          .U64(section.length)
                          .F64(section.clip)
                          .U32(section.fraction_bits)
                          .U64(section.bound)
                          .bytes();
    table.insert(table.end(), row.begin(), row.end());
  }
  return table;
}

Status CheckSection(const Section& section, Ring ring) {
  const std::string name = "section '" + section.name + "'";
  if (!(section.clip >= 0) || std::isinf(section.clip)) return Refused(name + " has a clip that is no bound");
  // Without a clip an element's own bound has to do, which leaves room in the wide ring alone.
  const bool needs_clip = section.fraction_bits != 0 && ring == Ring::k32;
  if (section.fraction_bits >= BitsOf(ring) || (section.clip == 0 && needs_clip)) {
    return Refused(name + " has " + std::to_string(section.fraction_bits) + " fraction bits in a ring of " +
                   std::to_string(BitsOf(ring)) + ", clip " + std::to_string(section.clip));
  }
  const double largest = std::ceil(std::ldexp(section.clip, section.fraction_bits));
  // More than the clip gives leaves room for noise; less would let an honest sum look impossible.
  if (section.clip > 0 && static_cast<double>(section.bound) < largest) {
    return Refused(name + " says one site's largest number is " + std::to_string(section.bound) +
                   ", its clip and fraction bits give " + std::to_string(largest));
  }
  return {};
}

Status CheckVector(const Terms& terms) {
  if (terms.ring != Ring::k32 && terms.ring != Ring::k64) {
    return Refused("the ring has " + std::to_string(BitsOf(terms.ring)) + " bits, expected 32 or 64");
  }
  std::uint64_t left = kMaxKeystream / (BitsOf(terms.ring) / 8);
  if (terms.sections.empty()) return Refused("the masked vector has no section");
  for (const Section& section : terms.sections) {
    CAIRN_RETURN_IF_ERROR(CheckSection(section, terms.ring));
    if (section.length > left) return Refused("the masked vector is longer than one key can mask");
    left -= section.length;
  }
  return terms.words() > 0 ? Status() : Refused("the masked vector is empty");
}

Status CheckWrap(const Terms& terms) {
  CAIRN_RETURN_IF_ERROR(CheckNoWrap(terms.sections, terms.ring, terms.n_max));
  const std::uint32_t bits = BitsOf(terms.ring) - 1;
  if (terms.weight_bits >= bits || terms.n_max >= std::uint64_t{1} << (bits - terms.weight_bits)) {
    return Status(errors::kSecAggWrap, "weights of " + std::to_string(terms.weight_bits) + " bits from " +
                                           std::to_string(terms.n_max) + " sites do not fit a ring of " +
                                           std::to_string(bits + 1));
  }
  return {};
}

Status CheckCohort(const Terms& terms, const Floors& floors) {
  const std::uint32_t floor = std::max<std::uint32_t>(3, floors.min_cohort);
  if (terms.n_min < floor) {
    return Status(errors::kSecAggFloor, "a sum over " + std::to_string(terms.n_min) +
                                            " sites is allowed, expected at least " + std::to_string(floor));
  }
  if (terms.n_min > terms.n_max || terms.n_max > kMaxMembers) {
    return Refused("cohorts of " + std::to_string(terms.n_min) + " to " + std::to_string(terms.n_max) +
                   " sites, expected a range up to " + std::to_string(kMaxMembers));
  }
  return {};
}

Status CheckGraph(const Terms& terms, const GraphAssumptions& assumptions) {
  const GraphParameters pair{terms.k, terms.t};
  if (terms.k == 0 && terms.t == 0) {
    if (terms.n_max <= kMaxComplete) return {};
    return Refused("a complete graph of up to " + std::to_string(terms.n_max) + " sites, expected at most " +
                   std::to_string(kMaxComplete));
  }
  if (terms.k % 2 != 0) return Refused("k = " + std::to_string(terms.k) + ", expected an even number");
  for (const std::uint32_t n : {terms.n_min, terms.n_max}) {
    if (const Status holds = pair.Check(n, assumptions); !holds.ok()) return Refused(holds.what());
  }
  return {};
}

}  // namespace

std::uint64_t Terms::words() const {
  std::uint64_t words = 0;
  for (const Section& section : sections) words += section.length;
  return words;
}

std::uint64_t Terms::byte_size() const { return words() * (BitsOf(ring) / 8); }

Sha256Digest RoundContext(const Terms& terms) { return Sha256::Of(RoundContextBytes(terms)); }

// ReadRoundContext reads the same fields.
Bytes RoundContextBytes(const Terms& terms) {
  return Transcript("rc")
      .U32(terms.suite)
      .Text(terms.federation)
      .U64(terms.job)
      .Hash(terms.manifest)
      .U64(terms.roster_version)
      .Hash(terms.roster)
      .Field(terms.aggregator.bytes)
      .U64(terms.round)
      .U32(terms.attempt)
      .Hash(terms.model)
      .Hash(terms.architecture)
      .U64(terms.layout_hash)
      .Field(TableOf(terms.sections))
      .U32(BitsOf(terms.ring))
      .U32(terms.weight_bits)
      .U32(terms.weight_cap)
      .U32(terms.group == 0 ? kFull : kGrouped)
      .U32(terms.group)
      .U32(terms.k == 0 ? kCompleteGraph : kRegularGraph)
      .U32(terms.k)
      .U32(terms.t)
      .U32(terms.n_min)
      .U32(terms.n_max)
      .U32(kSurvivorRule)
      .Hash(terms.dp_event)
      .bytes();
}

Result<AttemptNames> ReadRoundContext(std::span<const std::byte> bytes) {
  TranscriptFields in(bytes, "rc", kContextFields);
  AttemptNames names;
  in.Skip(1);  // the suite
  names.federation = in.Text();
  names.job = in.U64();
  names.manifest = in.Hash();
  names.roster_version = in.U64();
  names.roster = in.Hash();
  names.aggregator.bytes = in.Hash().bytes;
  names.round = in.U64();
  names.attempt = in.U32();
  names.model = in.Hash();
  in.Skip(7);  // how the vector is made
  names.group = in.U32();
  in.Skip(7);  // graph, floors, noise
  if (!in.done()) return Status(errors::kSecAggEvidence, "the bytes name no attempt at a masked sum");
  return names;
}

std::uint32_t SmallestSurvivors(std::size_t u1, const Floors& floors) {
  return std::max({floors.min_cohort, floors.least_survivors, CompleteThreshold(u1)});
}

Status CheckTerms(const Terms& terms, const Floors& floors) {
  if (terms.suite != kSuite) {
    return Refused("the suite is " + std::to_string(terms.suite) + ", this program speaks " +
                   std::to_string(kSuite));
  }
  CAIRN_RETURN_IF_ERROR(CheckVector(terms));
  CAIRN_RETURN_IF_ERROR(CheckCohort(terms, floors));
  CAIRN_RETURN_IF_ERROR(CheckWrap(terms));
  return CheckGraph(terms, floors.graph);
}

}  // namespace cairn::secagg
