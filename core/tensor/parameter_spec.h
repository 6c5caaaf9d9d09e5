#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace cairn {

using Shape = std::vector<std::int64_t>;

// What a tensor is to the federation. parameter: f32, optimized. buffer: f32, averaged or kept
// local, never touched by an optimizer. counter: i64, combined by maximum.
enum class Role : std::uint8_t { kParameter = 0, kBuffer = 1, kCounter = 2 };

// exchanged: travels and is aggregated. local: frozen, or personal to the site; never sent.
enum class Scope : std::uint8_t { kExchanged = 0, kLocal = 1 };

struct TensorSpec {
  std::string name;
  Shape shape;  // empty: a scalar
  Role role = Role::kParameter;
  Scope scope = Scope::kExchanged;

  std::int64_t size() const;  // product of shape; 1 for a scalar; of a shape that a ParameterSpec has checked
  friend bool operator==(const TensorSpec&, const TensorSpec&) = default;
};

// The tensors of a model and where each lies in its flat arena. Order: by role, then by scope
// (exchanged first), then as given; so what is exchanged is a prefix of each role's span.
// Immutable after Create; cheap to share by const reference.
class ParameterSpec {
 public:
  struct Limits {
    std::size_t max_tensors = 8192;
    std::size_t max_rank = 8;
    std::size_t max_name_bytes = 256;
    std::int64_t max_elements = std::int64_t{1} << 36;
  };

  ParameterSpec() = default;  // no tensors
  // Refuses duplicate or empty names, names with control characters or ill-formed UTF-8, negative
  // dimensions, and anything over the limits (kModelSpec).
  static Result<ParameterSpec> Create(std::vector<TensorSpec> tensors, Limits limits);
  static Result<ParameterSpec> Create(std::vector<TensorSpec> tensors) {
    return Create(std::move(tensors), Limits{});
  }

  const std::vector<TensorSpec>& tensors() const { return tensors_; }
  // Offset of tensor i in elements, within the span of its role.
  std::int64_t offset(std::size_t i) const { return offsets_[i]; }
  // Index of a tensor, or tensors().size().
  std::size_t Find(std::string_view name) const;

  // Elements of a role: all, and those exchanged (a prefix).
  std::int64_t total(Role role) const { return totals_[static_cast<std::size_t>(role)]; }
  std::int64_t exchanged(Role role) const { return exchanged_[static_cast<std::size_t>(role)]; }

  // Bytes of the flat little-endian form: parameters f32, buffers f32, counters i64 (FlatBytes).
  std::size_t byte_size() const;

  // Names, shapes, roles, scopes, in order: two parties with equal hashes mean the same vector.
  // FNV-1a over a canonical text, 64 bits: an identity check between parties that already trust
  // each other's certificates, not a commitment.
  std::uint64_t layout_hash() const { return layout_hash_; }

  friend bool operator==(const ParameterSpec& a, const ParameterSpec& b) { return a.tensors_ == b.tensors_; }

 private:
  void PlaceTensors();

  std::vector<TensorSpec> tensors_;
  std::vector<std::uint32_t> by_name_;  // indices of tensors_, ascending by name
  std::vector<std::int64_t> offsets_;
  std::int64_t totals_[3] = {};
  std::int64_t exchanged_[3] = {};
  std::uint64_t layout_hash_ = 0;
};

// Bytes of a flat little-endian vector of floats and then counters: 4 a float, 8 a counter. Where counters
// follow an odd number of floats, 4 zero bytes stand between, so that counters lie on their alignment.
std::size_t FlatBytes(std::size_t floats, std::size_t counters);

// Marks tensors whose name matches one of the glob patterns (`*` any run of characters, `?` one)
// as Scope::kLocal. A pattern that matches nothing is an error that names it (kModelSpec).
Result<ParameterSpec> WithLocal(const ParameterSpec& spec, std::span<const std::string> patterns);

bool GlobMatch(std::string_view pattern, std::string_view name);

}  // namespace cairn
