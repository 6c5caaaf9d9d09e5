#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/tensor/parameter_set.h"

namespace cairn {

// Names bytes by content: SHA-256 and length. What is transferred, stored and checked.
struct BlobRef {
  std::array<std::byte, 32> sha256{};
  std::uint64_t size = 0;

  std::string hex() const;
  friend auto operator<=>(const BlobRef&, const BlobRef&) = default;
};

// One immutable version of the global model, shared by every reader: engines hand the pointer on,
// lanes copy out of it. ref names ParameterSet::bytes().
struct ModelVersion {
  BlobRef ref;
  ParameterSet values;
};
using ModelHandle = std::shared_ptr<const ModelVersion>;

}  // namespace cairn
