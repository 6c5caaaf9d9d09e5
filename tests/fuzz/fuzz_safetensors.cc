// Any bytes are read or refused, never worse; and what is read survives a round through our own writer.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/tensor/safetensors.h"

namespace {

// What the corpus may make us allocate: far more than its files hold, far less than a machine has.
constexpr std::size_t kMaxModelBytes = std::size_t{1} << 26;

void CheckRoundTrip(const cairn::SafetensorsView& view, cairn::ParameterSpec spec) {
  if (spec.byte_size() > kMaxModelBytes) return;
  cairn::ParameterSet set(std::move(spec));
  if (!cairn::LoadSafetensors(view, set).ok()) return;  // a value that is not finite
  const auto written = cairn::WriteSafetensors(set, {});
  const auto again = cairn::ParseSafetensors(written);
  if (!again.ok()) std::abort();
  const auto spec_again = cairn::SpecOfSafetensors(again.value());
  if (!spec_again.ok() || !(spec_again.value() == set.spec())) std::abort();
  cairn::ParameterSet loaded(spec_again.value());
  if (!cairn::LoadSafetensors(again.value(), loaded).ok()) std::abort();
  if (cairn::WriteSafetensors(loaded, {}) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto view = cairn::ParseSafetensors(std::as_bytes(std::span(data, size)));
  if (!view.ok()) return 0;
  auto spec = cairn::SpecOfSafetensors(view.value());
  if (spec.ok()) CheckRoundTrip(view.value(), std::move(spec).value());
  return 0;
}
