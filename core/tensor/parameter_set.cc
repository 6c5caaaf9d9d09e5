#include "core/tensor/parameter_set.h"

#include <bit>
#include <cstring>
#include <utility>

#include "core/base/check.h"
#include "core/tensor/huge_pages.h"

namespace cairn {

static_assert(std::endian::native == std::endian::little,
              "the arena is the wire form, which is little-endian");

void ParameterSet::Free::operator()(std::byte* p) const { FreeModelMemory(p); }

ParameterSet::ParameterSet(ParameterSpec spec) : ParameterSet(std::move(spec), Unfilled{}) {
  if (byte_size_ > 0) std::memset(arena_.get(), 0, byte_size_);
}

ParameterSet::ParameterSet(ParameterSpec spec, Unfilled)
    : spec_(std::move(spec)), byte_size_(spec_.byte_size()) {
  float_count_ = static_cast<std::size_t>(spec_.total(Role::kParameter) + spec_.total(Role::kBuffer));
  counter_count_ = static_cast<std::size_t>(spec_.total(Role::kCounter));
  arena_.reset(AllocateModelMemory(byte_size_));
  floats_ = reinterpret_cast<float*>(arena_.get());
  const std::size_t counters_at = byte_size_ - counter_count_ * sizeof(std::int64_t);
  counters_ = reinterpret_cast<std::int64_t*>(arena_.get() + counters_at);
}

ParameterSet ParameterSet::Clone() const {
  if (arena_ == nullptr) return {};
  ParameterSet copy(spec_, Unfilled{});
  std::memcpy(copy.arena_.get(), arena_.get(), byte_size_);
  return copy;
}

std::span<float> ParameterSet::tensor(std::size_t index) {
  const std::span<const float> values = std::as_const(*this).tensor(index);
  return {const_cast<float*>(values.data()), values.size()};
}

std::span<const float> ParameterSet::tensor(std::size_t index) const {
  CAIRN_CHECK(index < spec_.tensors().size(), "tensor index");
  const TensorSpec& tensor = spec_.tensors()[index];
  CAIRN_CHECK(tensor.role != Role::kCounter, "counters are not floats");
  const std::span<const float> role = tensor.role == Role::kParameter ? parameters() : buffers();
  return role.subspan(static_cast<std::size_t>(spec_.offset(index)), static_cast<std::size_t>(tensor.size()));
}

}  // namespace cairn
