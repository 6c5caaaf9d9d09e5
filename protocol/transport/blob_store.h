#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/base/result.h"
#include "protocol/messages/model_ref.h"

namespace cairn {

// Read-only bytes of a stored object; they stay readable while the object lives, even when the
// store forgets the name. Immutable, thread-safe.
class Blob {
 public:
  virtual ~Blob() = default;
  virtual std::span<const std::byte> bytes() const = 0;
  // "I am done with this part for now": the store may give the memory back; reading it again is
  // allowed and only slower.
  virtual void Release(std::size_t offset, std::size_t size) const = 0;
};

// Bytes that lie in several places, in their order.
using Pieces = std::span<const std::span<const std::byte>>;

// One object on its way in. Bytes are appended in order; what was kept from an earlier try counts.
// Not thread-safe. Destroying it without Commit keeps the part for a later try.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  virtual std::uint64_t size() const = 0;    // bytes held so far
  virtual Status Append(Pieces pieces) = 0;  // all or none
  Status Append(std::span<const std::byte> bytes) { return Append(Pieces(&bytes, 1)); }
  // The object is whole: checks its hash and makes it durable under its name. Where the hash is
  // another one the bytes are dropped (kNetProtocol) and the object starts from nothing.
  virtual Status Commit() = 0;
};

// Content-addressed objects. Thread-safe, except that one object has one writer at a time.
class BlobStore {
 public:
  virtual ~BlobStore() = default;
  // The object, when it is held whole and its hash is right; null otherwise.
  virtual Result<std::shared_ptr<const Blob>> Find(const BlobRef& ref) = 0;
  virtual Result<std::unique_ptr<BlobWriter>> OpenWriter(const BlobRef& ref) = 0;
  virtual Status Remove(const BlobRef& ref) = 0;  // whole or in part; nothing when absent
};

}  // namespace cairn
