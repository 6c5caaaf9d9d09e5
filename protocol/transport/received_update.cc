#include "protocol/transport/received_update.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "protocol/messages/blob_ref.h"

namespace cairn {
namespace {

class MemoryBlob final : public Blob {
 public:
  explicit MemoryBlob(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  std::span<const std::byte> bytes() const override { return bytes_; }
  void Release(std::size_t, std::size_t) const override {}

 private:
  std::vector<std::byte> bytes_;
};

class ReceivedUpdate final : public UpdatePayload {
 public:
  ReceivedUpdate(std::shared_ptr<const Blob> blob, const UpdateTerms& terms, const UpdateLayout& layout,
                 std::function<void()> on_release)
      : blob_(std::move(blob)), terms_(terms), layout_(layout), on_release_(std::move(on_release)) {}
  ~ReceivedUpdate() override {
    blob_.reset();
    if (on_release_) on_release_();
  }
  UpdateView view() const override {
    UpdateView view = ViewOfBytes(blob_->bytes(), layout_);
    view.scale = terms_.scale;
    view.weight = terms_.weight;
    return view;
  }

 private:
  std::shared_ptr<const Blob> blob_;
  const UpdateTerms terms_;
  const UpdateLayout layout_;
  const std::function<void()> on_release_;
};

class ReceivedRing final : public RingPayload {
 public:
  ReceivedRing(std::shared_ptr<const Blob> blob, std::function<void()> on_release)
      : blob_(std::move(blob)), on_release_(std::move(on_release)) {}
  ~ReceivedRing() override {
    blob_.reset();
    if (on_release_) on_release_();
  }
  std::span<const std::byte> bytes() const override { return blob_->bytes(); }

 private:
  std::shared_ptr<const Blob> blob_;
  const std::function<void()> on_release_;
};

constexpr std::int64_t kTileFloats = std::int64_t{1} << 18;  // 1 MiB

// One section in tiles; true when all of it is fit to be summed.
bool CheckSection(const Blob& blob, std::span<const float> section, bool is_buffer) {
  for (std::size_t at = 0; at < section.size(); at += kTileFloats) {
    const auto tile = section.subspan(at, std::min<std::size_t>(kTileFloats, section.size() - at));
    UpdateView part;
    UpdateLayout layout;
    (is_buffer ? part.local_buffers : part.local_parameters) = tile;
    (is_buffer ? layout.buffers : layout.parameters) = static_cast<std::int64_t>(tile.size());
    const bool good = CheckUpdate(part, layout).ok();
    blob.Release(
        static_cast<std::size_t>(reinterpret_cast<const std::byte*>(tile.data()) - blob.bytes().data()),
        tile.size_bytes());
    if (!good) return false;
  }
  return true;
}

}  // namespace

OutgoingUpdate MakeOutgoing(const UpdateView& view, const UpdateLayout& layout) {
  OutgoingUpdate out;
  out.memory = std::make_unique_for_overwrite<std::byte[]>(layout.byte_size());
  const std::span<std::byte> bytes(out.memory.get(), layout.byte_size());
  MaterializeUpdate(view, bytes);
  out.terms = {.ref = BlobRefOf(bytes), .scale = view.scale, .weight = view.weight};
  return out;
}

UpdateLayout LayoutOfView(const UpdateView& view, std::uint64_t hash) {
  return {.parameters = static_cast<std::int64_t>(view.local_parameters.size()),
          .buffers = static_cast<std::int64_t>(view.local_buffers.size()),
          .counters = static_cast<std::int64_t>(view.counters.size()),
          .hash = hash};
}

Result<UpdateHandle> ReceiveUpdate(std::shared_ptr<const Blob> blob, const UpdateTerms& terms,
                                   const UpdateLayout& layout, std::function<void()> on_release) {
  if (blob->bytes().size() != layout.byte_size()) {
    return Status(errors::kUpdateLayout, "update has " + std::to_string(blob->bytes().size()) +
                                             " bytes, the job's layout " +
                                             std::to_string(layout.byte_size()));
  }
  const UpdateView view = ViewOfBytes(blob->bytes(), layout);
  if (!CheckSection(*blob, view.local_parameters, false) || !CheckSection(*blob, view.local_buffers, true)) {
    return CheckUpdate(view, layout);  // again as a whole, for the words that name the place
  }
  return UpdateHandle(
      std::make_shared<ReceivedUpdate>(std::move(blob), terms, layout, std::move(on_release)));
}

RingHandle ReceiveRing(std::shared_ptr<const Blob> blob, std::function<void()> on_release) {
  return std::make_shared<ReceivedRing>(std::move(blob), std::move(on_release));
}

std::shared_ptr<const Blob> OwnedBlob(std::vector<std::byte> bytes) {
  return std::make_shared<MemoryBlob>(std::move(bytes));
}

}  // namespace cairn
