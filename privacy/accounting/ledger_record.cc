#include "privacy/accounting/ledger_record.h"

#include <bit>
#include <string_view>

#include "privacy/crypto/transcript.h"

namespace cairn {
namespace {

constexpr std::string_view kLabel = "cairn-ledger-1";
constexpr std::size_t kMaxDomain = 256;

std::uint64_t Bits(double value) { return std::bit_cast<std::uint64_t>(value); }
double Number(TranscriptReader& in) { return std::bit_cast<double>(in.U64()); }

void Write(TranscriptWriter& out, const ChargeKey& key) {
  out.Text(key.domain).Fixed(key.manifest.bytes).U64(key.job.value).U64(key.round.value).U32(key.attempt);
}

ChargeKey ReadKey(TranscriptReader& in) {
  ChargeKey key;
  key.domain = in.Text(kMaxDomain);
  in.FixedTo(key.manifest.bytes);
  key.job = JobId{in.U64()};
  key.round = RoundId{in.U64()};
  key.attempt = in.U32();
  return key;
}

struct MechanismWriter {
  TranscriptWriter& out;
  void operator()(const NoNoise&) const {}
  void operator()(const GaussianNoise& noise) const {
    out.U64(Bits(noise.noise_multiplier))
        .U8(static_cast<std::uint8_t>(noise.law))
        .U64(Bits(noise.sampling_rate));
  }
  void operator()(const DistributedGaussianNoise& noise) const {
    out.U32(noise.honest).U64(noise.dimension).U64(Bits(noise.share_sigma)).U64(Bits(noise.norm_bound));
  }
};

void Write(TranscriptWriter& out, const PrivacyEvent& event) {
  out.U8(static_cast<std::uint8_t>(event.convention().unit))
      .U8(static_cast<std::uint8_t>(event.convention().adjacency))
      .U8(static_cast<std::uint8_t>(event.sensitivity()))
      .U64(event.steps())
      .U8(static_cast<std::uint8_t>(event.mechanism().index()));
  std::visit(MechanismWriter{out}, event.mechanism());
}

// Reads an enumeration of 1 … last; false for another value.
template <class E>
bool ReadEnum(TranscriptReader& in, E last, E* out) {
  const std::uint8_t value = in.U8();
  *out = static_cast<E>(value);
  return value >= 1 && value <= static_cast<std::uint8_t>(last);
}

bool ReadMechanism(TranscriptReader& in, PrivacyMechanism* mechanism) {
  switch (in.U8()) {
    case 0:
      *mechanism = NoNoise{};
      return true;
    case 1: {
      auto& noise = mechanism->emplace<GaussianNoise>();
      noise.noise_multiplier = Number(in);
      if (!ReadEnum(in, SamplingLaw::kShuffled, &noise.law)) return false;
      noise.sampling_rate = Number(in);
      return true;
    }
    case 2: {
      auto& noise = mechanism->emplace<DistributedGaussianNoise>();
      noise.honest = in.U32();
      noise.dimension = in.U64();
      noise.share_sigma = Number(in);
      noise.norm_bound = Number(in);
      return true;
    }
    default:
      return false;
  }
}

bool ReadTerms(TranscriptReader& in, PrivacyEvent::Terms* terms) {
  if (!ReadEnum(in, PrivacyUnit::kRow, &terms->convention.unit)) return false;
  if (!ReadEnum(in, Adjacency::kReplaceOne, &terms->convention.adjacency)) return false;
  if (!ReadEnum(in, SensitivityLaw::kNominal, &terms->sensitivity)) return false;
  terms->steps = in.U64();
  return ReadMechanism(in, &terms->mechanism);
}

struct BodyWriter {
  TranscriptWriter& out;
  void operator()(const Charge& charge) const {
    Write(out, charge.key);
    Write(out, charge.event);
  }
  void operator()(const RevealedRecord& record) const { Write(out, record.key); }
  void operator()(const CarriedRecord& record) const {
    Write(out, record.key);
    out.U32(record.attempt);
  }
};

Status Unreadable() {
  return Status(errors::kPrivacyLedgerBroken, "a record of the privacy ledger cannot be read");
}

}  // namespace

std::vector<std::byte> EncodeRecord(const LedgerRecord& record) {
  TranscriptWriter out(kLabel);
  out.U8(static_cast<std::uint8_t>(record.index() + 1));
  std::visit(BodyWriter{out}, record);
  return out.bytes();
}

Result<LedgerRecord> DecodeRecord(std::span<const std::byte> bytes) {
  TranscriptReader in(bytes, kLabel);
  const std::uint8_t kind = in.U8();
  ChargeKey key = ReadKey(in);
  if (kind == 1) {
    PrivacyEvent::Terms terms;
    if (!ReadTerms(in, &terms) || !in.done()) return Unreadable();
    const Result<PrivacyEvent> event = PrivacyEvent::Create(terms);
    if (!event.ok()) return Unreadable();
    return LedgerRecord(Charge{std::move(key), *event});
  }
  const std::uint32_t attempt = kind == 3 ? in.U32() : 0;
  if ((kind != 2 && kind != 3) || !in.done()) return Unreadable();
  if (kind == 2) return LedgerRecord(RevealedRecord{std::move(key)});
  return LedgerRecord(CarriedRecord{std::move(key), attempt});
}

}  // namespace cairn
