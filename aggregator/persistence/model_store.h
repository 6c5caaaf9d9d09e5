#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/tensor/parameter_spec.h"
#include "protocol/messages/model_ref.h"

namespace cairn {

// Model versions and server states as files named by their SHA-256: written beside, fsynced, renamed,
// and read only through their hash, so damage is reported and never used. Thread-safe.
class ModelStore {
 public:
  static Result<ModelStore> Open(const std::filesystem::path& folder);

  Status Put(const ModelVersion& model);
  Result<BlobRef> PutBytes(std::span<const std::byte> bytes);
  Result<ModelHandle> Get(const BlobRef& ref, const ParameterSpec& spec) const;
  Result<std::vector<std::byte>> GetBytes(const BlobRef& ref) const;
  // Forgets everything but these: what no committed round names any more.
  void KeepOnly(std::span<const BlobRef> kept) const;

 private:
  explicit ModelStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path PathOf(const BlobRef& ref) const { return folder_ / ref.hex(); }
  std::filesystem::path folder_;
};

}  // namespace cairn
