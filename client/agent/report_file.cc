#include "client/agent/report_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <utility>

#include "privacy/crypto/transcript.h"
#include "protocol/messages/blob_ref.h"
#include "protocol/messages/limits.h"

namespace cairn {
namespace {

constexpr std::string_view kLabel = "cairn-report-2";
constexpr std::size_t kSizeBytes = 8;

// An update read back: owns the bytes its view lies in.
class StoredUpdate final : public UpdatePayload {
 public:
  StoredUpdate(std::span<const std::byte> bytes, const UpdateLayout& layout, float scale, double weight)
      : words_((bytes.size() + 7) / 8), layout_(layout), scale_(scale), weight_(weight) {
    std::memcpy(words_.data(), bytes.data(), bytes.size());
  }
  UpdateView view() const override {
    UpdateView view = ViewOfBytes(std::as_bytes(std::span(words_)).first(layout_.byte_size()), layout_);
    view.scale = scale_;
    view.weight = weight_;
    return view;
  }

 private:
  std::vector<std::uint64_t> words_;  // for their alignment
  UpdateLayout layout_;
  float scale_;
  double weight_;
};

void Write(TranscriptWriter& out, const std::vector<std::int64_t>& numbers) {
  out.U32(static_cast<std::uint32_t>(numbers.size()));
  for (const std::int64_t number : numbers) out.I64(number);
}

bool Read(TranscriptReader& in, std::vector<std::int64_t>* numbers) {
  const std::size_t count = in.U32();
  if (count > in.left() / 8) return false;
  numbers->resize(count);
  for (std::int64_t& number : *numbers) number = in.I64();
  return in.ok();
}

void Write(TranscriptWriter& out, const MetricSums& sums) {
  out.U32(sums.classes).I64(sums.loss_sum).I64(sums.loss_clipped).I64(sums.rows);
  Write(out, sums.confusion);
  Write(out, sums.own_scores);
  Write(out, sums.rest_scores);
}

bool Read(TranscriptReader& in, MetricSums* sums) {
  sums->classes = in.U32();
  sums->loss_sum = in.I64();
  sums->loss_clipped = in.I64();
  sums->rows = in.I64();
  return Read(in, &sums->confusion) && Read(in, &sums->own_scores) && Read(in, &sums->rest_scores);
}

TranscriptWriter Head(const SealedReport& sealed) {
  const Report& report = sealed.content();
  const UpdateLayout& layout = sealed.layout();
  const UpdateView view = report.update == nullptr ? UpdateView{} : report.update->view();
  TranscriptWriter out(kLabel);
  out.U64(report.key.job.value).U64(report.key.round.value).U32(report.key.attempt);
  out.U8(static_cast<std::uint8_t>(report.kind)).I64(report.examples);
  out.I64(layout.parameters).I64(layout.buffers).I64(layout.counters).U64(layout.hash);
  out.U32(std::bit_cast<std::uint32_t>(view.scale)).U64(std::bit_cast<std::uint64_t>(view.weight));
  Write(out, report.metrics);
  out.U8(report.update == nullptr ? 0 : 1);
  out.U8(report.masked.has_value() ? 1 : 0);
  if (report.masked.has_value())
    out.U64(report.masked->bytes).Fixed(report.masked->object.bytes).Fixed(report.masked->signature.bytes);
  return out;
}

struct Decoded {
  Report report;
  UpdateLayout layout;
  float scale = 1;
  double weight = 1;
  bool has_update = false;
};

bool ReadHead(std::span<const std::byte> bytes, Decoded* out) {
  TranscriptReader in(bytes, kLabel);
  out->report.key.job = JobId{in.U64()};
  out->report.key.round = RoundId{in.U64()};
  out->report.key.attempt = in.U32();
  out->report.kind = static_cast<RoundKind>(in.U8());
  out->report.examples = in.I64();
  out->layout.parameters = in.I64();
  out->layout.buffers = in.I64();
  out->layout.counters = in.I64();
  out->layout.hash = in.U64();
  out->report.layout_hash = out->layout.hash;
  out->scale = std::bit_cast<float>(in.U32());
  out->weight = std::bit_cast<double>(in.U64());
  if (!Read(in, &out->report.metrics)) return false;
  out->has_update = in.U8() != 0;
  if (in.U8() != 0) {
    secagg::MaskedInput& masked = out->report.masked.emplace();
    masked.bytes = in.U64();
    in.FixedTo(masked.object.bytes);
    in.FixedTo(masked.signature.bytes);
  }
  const bool is_kind = out->report.kind == RoundKind::kTrain || out->report.kind == RoundKind::kEvaluate;
  constexpr auto kMost = static_cast<std::int64_t>(kMaxBlobBytes / 8);
  const auto is_count = [](std::int64_t n) { return n >= 0 && n <= kMost; };
  return in.done() && is_kind && is_count(out->layout.parameters) && is_count(out->layout.buffers) &&
         is_count(out->layout.counters);
}

Status Corrupt() { return Status(errors::kStorageCorrupt, "a stored report cannot be read"); }

}  // namespace

ReportFile EncodeReport(const SealedReport& report) {
  const TranscriptWriter head = Head(report);
  const bool has_update = report.content().update != nullptr;
  const std::size_t start = kSizeBytes + head.bytes().size();
  ReportFile file;
  const RingPayload* ring = report.content().masked.has_value() ? report.content().ring.get() : nullptr;
  file.bytes.resize(start + (ring != nullptr ? ring->bytes().size()
                             : has_update    ? report.layout().byte_size()
                                             : 0));
  TranscriptWriter size;
  size.U64(head.bytes().size());
  std::copy(size.bytes().begin(), size.bytes().end(), file.bytes.begin());
  std::copy(head.bytes().begin(), head.bytes().end(), file.bytes.begin() + kSizeBytes);
  if (has_update) {
    // The wire form wants its own alignment, which an offset in this buffer does not have.
    std::vector<std::uint64_t> words((report.layout().byte_size() + 7) / 8);
    const auto wire = std::as_writable_bytes(std::span(words)).first(report.layout().byte_size());
    MaterializeUpdate(report.content().update->view(), wire);
    std::copy(wire.begin(), wire.end(), file.bytes.begin() + static_cast<std::ptrdiff_t>(start));
    file.update = BlobRefOf(wire);
  }
  if (ring != nullptr) {
    std::ranges::copy(ring->bytes(), file.bytes.begin() + static_cast<std::ptrdiff_t>(start));
    file.update = {.sha256 = report.content().masked->object.bytes, .size = report.content().masked->bytes};
  }
  file.file = BlobRefOf(file.bytes);
  if (!has_update && ring == nullptr) file.update = file.file;
  return file;
}

Result<SealedReport> DecodeReport(std::span<const std::byte> bytes, const EgressGuard& guard) {
  if (bytes.size() < kSizeBytes) return Corrupt();
  TranscriptReader in(bytes);
  const std::uint64_t head_size = in.U64();
  if (head_size > in.left()) return Corrupt();
  Decoded decoded;
  if (!ReadHead(bytes.subspan(kSizeBytes, head_size), &decoded)) return Corrupt();
  const std::span<const std::byte> update = bytes.subspan(kSizeBytes + head_size);
  if (decoded.report.masked.has_value()) {
    if (update.size() != decoded.report.masked->bytes || decoded.has_update) return Corrupt();
    auto words = std::make_unique<RingMemory>(update.size());
    std::ranges::copy(update, words->mutable_bytes().begin());
    decoded.report.ring = std::move(words);
    return guard.Reseal(std::move(decoded.report), decoded.layout);
  }
  if (update.size() != (decoded.has_update ? decoded.layout.byte_size() : 0)) return Corrupt();
  if (decoded.has_update) {
    decoded.report.update =
        std::make_shared<StoredUpdate>(update, decoded.layout, decoded.scale, decoded.weight);
  }
  return guard.Reseal(std::move(decoded.report), decoded.layout);
}

}  // namespace cairn
