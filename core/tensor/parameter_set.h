#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/tensor/parameter_spec.h"

namespace cairn {

// The values of one model: one 64-byte-aligned flat arena, tensors are views into it. Movable,
// deliberately not copyable by accident (Clone). Thread-compatible.
class ParameterSet {
 public:
  ParameterSet() = default;
  explicit ParameterSet(ParameterSpec spec);  // zero-filled

  ParameterSet(ParameterSet&&) noexcept = default;
  ParameterSet& operator=(ParameterSet&&) noexcept = default;
  ParameterSet Clone() const;

  const ParameterSpec& spec() const { return spec_; }

  // parameters, then buffers, contiguous: floats() is both.
  std::span<float> floats() { return {floats_, float_count_}; }
  std::span<const float> floats() const { return {floats_, float_count_}; }
  std::span<float> parameters() { return floats().first(spec_.total(Role::kParameter)); }
  std::span<const float> parameters() const { return floats().first(spec_.total(Role::kParameter)); }
  std::span<float> buffers() { return floats().subspan(spec_.total(Role::kParameter)); }
  std::span<const float> buffers() const { return floats().subspan(spec_.total(Role::kParameter)); }
  std::span<std::int64_t> counters() { return {counters_, counter_count_}; }
  std::span<const std::int64_t> counters() const { return {counters_, counter_count_}; }

  // One float tensor (role parameter or buffer) by index into spec().tensors().
  std::span<float> tensor(std::size_t index);
  std::span<const float> tensor(std::size_t index) const;

  // The whole arena as stored and sent: floats then counters, little-endian, spec().byte_size() bytes
  // (FlatBytes).
  std::span<const std::byte> bytes() const { return {arena_.get(), byte_size_}; }
  std::span<std::byte> mutable_bytes() { return {arena_.get(), byte_size_}; }

 private:
  struct Free {
    void operator()(std::byte* p) const;
  };
  struct Unfilled {};
  ParameterSet(ParameterSpec spec, Unfilled);  // its values are written before anyone reads them

  ParameterSpec spec_;
  std::unique_ptr<std::byte[], Free> arena_;
  std::size_t byte_size_ = 0;
  float* floats_ = nullptr;
  std::size_t float_count_ = 0;
  std::int64_t* counters_ = nullptr;
  std::size_t counter_count_ = 0;
};

}  // namespace cairn
