// Any bytes as an IDX pair, plain or gzip: image file, then label file, cut at a place the first two
// bytes choose.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "client/data/byte_file.h"
#include "client/data/idx_reader.h"
#include "core/base/check.h"

namespace {
constexpr std::uint64_t kUnpackLimit = 1 << 20;  // keeps a run short; the reader's own limit is far above
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  if (size < 2) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t cut = std::min<std::size_t>(data[0] * 256u + data[1], bytes.size());
  const Result<std::string> images = UnpackIfGzip(bytes.substr(0, cut), "images", kUnpackLimit);
  const Result<std::string> labels = UnpackIfGzip(bytes.substr(cut), "labels", kUnpackLimit);
  if (!images.ok() || !labels.ok()) return 0;
  const auto source = ReadIdx(*images, *labels, {"images", "labels"}, 0, {{0.5f}, {0.25f}});
  if (!source.ok()) {
    CAIRN_CHECK(FindError(source.status().id()) != nullptr, "every refusal is in the catalogue");
    return 0;
  }
  std::vector<float> row(static_cast<std::size_t>((*source)->feature_shape().size()));
  for (std::uint32_t i = 0; i < (*source)->size(); ++i) {
    std::int64_t label = -1;
    (*source)->Gather({&i, 1}, row, {&label, 1});
    CAIRN_CHECK(label >= 0 && label < (*source)->num_classes(), "a label is a class");
    for (const float value : row) CAIRN_CHECK(std::isfinite(value), "a feature is finite");
  }
  return 0;
}
