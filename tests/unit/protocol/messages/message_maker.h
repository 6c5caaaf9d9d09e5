#pragma once

#include <memory>
#include <string>

#include "core/base/random.h"
#include "protocol/messages/manifest.h"
#include "protocol/messages/messages.h"
#include "protocol/messages/work_codec.h"

// Valid messages with random contents, for property tests: everything drawn from one stream.

namespace cairn {

class MessageMaker {
 public:
  explicit MessageMaker(std::uint64_t seed) : stream_(SeededRandom(seed).Open({.purpose = Purpose::kTest})) {}

  std::uint64_t Below(std::uint64_t bound) { return stream_.Below(bound); }
  bool Flip() { return Below(2) == 1; }
  double Real(double low, double high) { return low + (high - low) * stream_.Uniform(); }
  std::string Name();
  BlobRef Blob();
  RoundKey Key() { return {{stream_.NextU64()}, {Below(1000)}, static_cast<std::uint32_t>(Below(5))}; }
  MetricSums Metrics();
  TrainConfig Train();
  JobSpec Spec();
  std::shared_ptr<const JobManifest> Manifest();  // with its digest

  ClientMessage Client(std::size_t kind);  // index of the variant; a Report comes without its update
  ServerMessage Server(std::size_t kind);
  secagg::ToServer MaskingBody();  // all but a masked input, which stands in its report
  secagg::ToClient MaskingAnswer();
  secagg::MaskedInput Masked(const BlobRef& vector);
  WorkRequest Work();  // with a model of zeros
  // Of a job with privacy terms.
  std::shared_ptr<const JobManifest> PrivateManifest();
  WorkRequest PrivateWork();

 private:
  void Fill(std::span<std::byte> out) {
    for (std::byte& byte : out) byte = static_cast<std::byte>(Below(256));
  }
  secagg::SealedShare Sealed(secagg::Position peer);
  secagg::Advert Advert();
  secagg::SiteSet Set();

  RandomStream stream_;
};

// Just large enough to say that a report has an update; its numbers are never read.
class EmptyPayload final : public UpdatePayload {
 public:
  UpdateView view() const override { return {}; }
};

}  // namespace cairn
