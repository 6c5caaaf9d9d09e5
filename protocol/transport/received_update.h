#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/tensor/update.h"
#include "protocol/messages/codec.h"
#include "protocol/transport/blob_store.h"

namespace cairn {

// The bytes of an update as they travel, made once by the sender.
struct OutgoingUpdate {
  UpdateTerms terms;
  std::unique_ptr<std::byte[]> memory;  // not a vector: model-sized memory is not worth clearing first
  std::span<const std::byte> bytes() const { return {memory.get(), terms.ref.size}; }
};
OutgoingUpdate MakeOutgoing(const UpdateView& view, const UpdateLayout& layout);

// The layout an update view spans: what MaterializeUpdate writes for it.
UpdateLayout LayoutOfView(const UpdateView& view, std::uint64_t hash);

// An update that came in: checked against the layout of its job (kUpdateLayout, kUpdateNotFinite,
// kUpdateRange) tile by tile, so that a mapped file is never in memory as a whole. `on_release` runs
// when the last handle goes.
Result<UpdateHandle> ReceiveUpdate(std::shared_ptr<const Blob> blob, const UpdateTerms& terms,
                                   const UpdateLayout& layout, std::function<void()> on_release = {});

// A masked vector that came in: its words mean nothing alone, so there is nothing to check but that its hash
// was right, which the blob's name says. `on_release` as above.
RingHandle ReceiveRing(std::shared_ptr<const Blob> blob, std::function<void()> on_release = {});

// A blob that owns memory; its bytes are 16-byte aligned.
std::shared_ptr<const Blob> OwnedBlob(std::vector<std::byte> bytes);

}  // namespace cairn
