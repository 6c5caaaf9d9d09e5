#include "client/agent/agent_journal.h"

#include <algorithm>
#include <utility>

#include "privacy/crypto/transcript.h"

namespace cairn {
namespace {

constexpr std::string_view kLabel = "cairn-agent-1";
constexpr std::size_t kMaxText = 4096;
constexpr std::int64_t kMaxTime = 9'000'000'000'000;  // ms since 1970: the year 2255, still exact in ns

using std::chrono::milliseconds;

void Write(TranscriptWriter& out, const RoundKey& key) {
  out.U64(key.job.value).U64(key.round.value).U32(key.attempt);
}

RoundKey ReadKey(TranscriptReader& in) {
  RoundKey key;
  key.job = JobId{in.U64()};
  key.round = RoundId{in.U64()};
  key.attempt = in.U32();
  return key;
}

void Write(TranscriptWriter& out, const BlobRef& ref) { out.Fixed(ref.sha256).U64(ref.size); }

BlobRef ReadRef(TranscriptReader& in) {
  BlobRef ref;
  in.FixedTo(ref.sha256);
  ref.size = in.U64();
  return ref;
}

struct BodyWriter {
  TranscriptWriter& out;

  void operator()(const EgressEntry& entry) const {
    Write(out, entry.key);
    out.U8(static_cast<std::uint8_t>(entry.kind)).U8(entry.is_masked ? 1 : 0).U64(entry.bytes);
    Write(out, entry.object);
    Write(out, entry.file);
    out.Text(entry.destination);
  }
  void operator()(const ReleasedEntry& entry) const { Write(out, entry.key); }
  void operator()(const AnsweredEntry& entry) const {
    out.U64(entry.job.value)
        .Text(entry.digest)
        .U8(static_cast<std::uint8_t>(entry.answer))
        .U16(entry.reason.value);
  }
  void operator()(const JobApproval& entry) const {
    out.Text(entry.digest)
        .Text(entry.job_name)
        .U8(static_cast<std::uint8_t>(entry.decision))
        .Text(entry.actor);
  }
  void operator()(const StoppedJob& entry) const {
    Write(out, entry.key);
    out.Text(entry.digest);
    Write(out, entry.evidence);
  }
};

// Reads an enumeration of 1 … last; false for another value.
template <class E>
bool ReadEnum(TranscriptReader& in, E last, E* out) {
  const std::uint8_t value = in.U8();
  *out = static_cast<E>(value);
  return value >= 1 && value <= static_cast<std::uint8_t>(last);
}

bool ReadBody(TranscriptReader& in, EgressEntry* entry) {
  entry->key = ReadKey(in);
  if (!ReadEnum(in, RoundKind::kEvaluate, &entry->kind)) return false;
  entry->is_masked = in.U8() != 0;
  entry->bytes = in.U64();
  entry->object = ReadRef(in);
  entry->file = ReadRef(in);
  entry->destination = in.Text(kMaxText);
  return true;
}

bool ReadBody(TranscriptReader& in, ReleasedEntry* entry) {
  entry->key = ReadKey(in);
  return true;
}

bool ReadBody(TranscriptReader& in, AnsweredEntry* entry) {
  entry->job = JobId{in.U64()};
  entry->digest = in.Text(kMaxText);
  if (!ReadEnum(in, JobAnswer::kPending, &entry->answer)) return false;
  entry->reason = ErrorId{in.U16()};
  return true;
}

bool ReadBody(TranscriptReader& in, JobApproval* entry) {
  entry->digest = in.Text(kMaxText);
  entry->job_name = in.Text(kMaxText);
  if (!ReadEnum(in, ApprovalDecision::kWithdrawn, &entry->decision)) return false;
  entry->actor = in.Text(kMaxText);
  return true;
}

bool ReadBody(TranscriptReader& in, StoppedJob* entry) {
  entry->key = ReadKey(in);
  entry->digest = in.Text(kMaxText);
  entry->evidence = ReadRef(in);
  return true;
}

template <std::size_t I = 0>
bool ReadBodyOfKind(TranscriptReader& in, std::size_t kind, JournalEntry::Body* body) {
  if constexpr (I < std::variant_size_v<JournalEntry::Body>) {
    if (kind == I + 1) return ReadBody(in, &body->emplace<I>());
    return ReadBodyOfKind<I + 1>(in, kind, body);
  } else {
    return false;
  }
}

}  // namespace

std::vector<std::byte> EncodeEntry(const JournalEntry& entry) {
  TranscriptWriter out(kLabel);
  out.U8(static_cast<std::uint8_t>(entry.body.index() + 1));
  out.I64(std::chrono::duration_cast<milliseconds>(entry.time.time_since_epoch()).count());
  std::visit(BodyWriter{out}, entry.body);
  return {out.bytes().begin(), out.bytes().end()};
}

Result<JournalEntry> DecodeEntry(std::span<const std::byte> bytes) {
  TranscriptReader in(bytes, kLabel);
  Result<JournalEntry> entry{JournalEntry{}};
  const std::uint8_t kind = in.U8();
  const std::int64_t time = in.I64();
  const bool is_time = time >= -kMaxTime && time <= kMaxTime;
  if (is_time) entry->time = WallTime(std::chrono::duration_cast<WallTime::duration>(milliseconds(time)));
  if (!is_time || !ReadBodyOfKind(in, kind, &entry->body) || !in.done()) {
    return Status(errors::kStorageCorrupt, "an entry of the site's log cannot be read");
  }
  return entry;
}

void AgentHistory::Add(const JournalEntry& entry) {
  const auto is_of_job = [](JobId job) {
    return [job](const EgressEntry& open) { return open.key.job == job; };
  };
  if (const auto* egress = std::get_if<EgressEntry>(&entry.body)) {
    std::erase_if(open_, is_of_job(egress->key.job));
    open_.push_back(*egress);
    egress_.push_back(entry);
  } else if (const auto* released = std::get_if<ReleasedEntry>(&entry.body)) {
    std::erase_if(open_, [&](const EgressEntry& open) { return open.key == released->key; });
  } else if (const auto* approval = std::get_if<JobApproval>(&entry.body)) {
    std::erase_if(approvals_, [&](const JobApproval& known) { return known.digest == approval->digest; });
    approvals_.push_back(*approval);
  } else if (const auto* stopped = std::get_if<StoppedJob>(&entry.body)) {
    stopped_.push_back(*stopped);
  }
}

std::vector<JournalEntry> AgentHistory::EgressSince(WallTime since) const {
  std::vector<JournalEntry> found;
  std::ranges::copy_if(egress_, std::back_inserter(found),
                       [&](const JournalEntry& e) { return e.time >= since; });
  return found;
}

}  // namespace cairn
