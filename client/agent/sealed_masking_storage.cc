#include "client/agent/sealed_masking_storage.h"

#include "core/runtime/files.h"
#include "privacy/crypto/private_file.h"
#include "privacy/crypto/secure_random.h"

namespace cairn {
namespace {

constexpr std::size_t kMaxState = std::size_t{64} << 20;

// A record belongs to its job: another one's file in its place does not open.
std::string BoundTo(JobId job) { return "cairn-masking-state-1 job " + std::to_string(job.value); }

}  // namespace

Result<std::unique_ptr<SealedMaskingStorage>> SealedMaskingStorage::Open(
    const std::filesystem::path& folder) {
  CAIRN_RETURN_IF_ERROR(MakePrivateFolder(folder));
  const std::filesystem::path key_file = folder / "state.key";
  auto key = ReadPrivateFile(key_file);
  if (key.status().id() == errors::kNotFound) {
    SecretBytes fresh = SecureRandom::Secret(AeadKey::kKeyBytes);
    CAIRN_RETURN_IF_ERROR(WritePrivateFile(key_file, fresh));
    key = std::move(fresh);
  }
  CAIRN_RETURN_IF_ERROR(key.status());
  if (key->size() != AeadKey::kKeyBytes)
    return Status(errors::kKeyFile, key_file.string() + " is not 32 bytes long");
  return std::unique_ptr<SealedMaskingStorage>(new SealedMaskingStorage(folder, AeadKey(std::move(*key))));
}

std::filesystem::path SealedMaskingStorage::PathOf(JobId job) const {
  return folder_ / ("job-" + std::to_string(job.value));
}

Status SealedMaskingStorage::Save(JobId job, const SecretBytes& state) {
  const Bytes sealed = key_.Seal(state.Reveal(RevealSecret{}), AsBytes(BoundTo(job)));
  return WriteFileAtomically(PathOf(job), AsText(sealed), 0600);
}

Result<SecretBytes> SealedMaskingStorage::Load(JobId job) {
  CAIRN_ASSIGN_OR_RETURN(const Bytes sealed, ReadPublicFile(PathOf(job), kMaxState));
  auto state = key_.Open(sealed, AsBytes(BoundTo(job)));
  if (!state.ok())
    return Status(errors::kStorageCorrupt, PathOf(job).string() + " was changed, or its key was");
  return state;
}

void SealedMaskingStorage::Drop(JobId job) {
  std::error_code ignored;
  std::filesystem::remove(PathOf(job), ignored);
}

}  // namespace cairn
