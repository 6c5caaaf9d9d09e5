#pragma once

#include <cstddef>

namespace cairn {

// Memory for vectors the size of a model: aligned to cache lines (and the widest vector registers), and from
// 2 MiB on to huge pages, which the kernel is asked for before first touch: a model-sized pass then meets 512
// times fewer page faults and TLB misses. The request is a hint; nothing depends on the answer. Ends the
// process where there is no memory. Freed by FreeModelMemory alone.
std::byte* AllocateModelMemory(std::size_t bytes);
void FreeModelMemory(std::byte* p);

// The same for std::vector.
template <class T>
struct ModelAllocator {
  using value_type = T;
  ModelAllocator() = default;
  template <class U>
  ModelAllocator(const ModelAllocator<U>&) {}  // NOLINT: allocators convert

  T* allocate(std::size_t n) { return reinterpret_cast<T*>(AllocateModelMemory(n * sizeof(T))); }
  void deallocate(T* p, std::size_t) { FreeModelMemory(reinterpret_cast<std::byte*>(p)); }
  friend bool operator==(const ModelAllocator&, const ModelAllocator&) { return true; }
};

}  // namespace cairn
