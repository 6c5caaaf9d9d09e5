#pragma once

#include <filesystem>
#include <memory>

#include "client/agent/masking_desk.h"
#include "privacy/crypto/aead.h"

namespace cairn {

// Masking state as files of a folder, one a job, each sealed with AES-256-GCM under a key of this machine
// (state.key beside them, 0600): who copies the files alone learns nothing. Written beside, synced, renamed.
// Not thread-safe.
class SealedMaskingStorage final : public MaskingStorage {
 public:
  // Makes folder and key when absent. kKeyFile, kStorageIo.
  static Result<std::unique_ptr<SealedMaskingStorage>> Open(const std::filesystem::path& folder);

  Status Save(JobId job, const SecretBytes& state) override;
  Result<SecretBytes> Load(JobId job) override;
  void Drop(JobId job) override;

 private:
  SealedMaskingStorage(std::filesystem::path folder, AeadKey key)
      : folder_(std::move(folder)), key_(std::move(key)) {}
  std::filesystem::path PathOf(JobId job) const;

  const std::filesystem::path folder_;
  const AeadKey key_;
};

}  // namespace cairn
