#include "aggregator/persistence/model_store.h"

#include <algorithm>
#include <cstring>

#include "core/runtime/files.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {

Result<ModelStore> ModelStore::Open(const std::filesystem::path& folder) {
  CAIRN_RETURN_IF_ERROR(MakeFolders(folder));
  return ModelStore(folder);
}

Status ModelStore::Put(const ModelVersion& model) {
  std::error_code ignored;
  if (std::filesystem::exists(PathOf(model.ref), ignored)) return {};
  return WriteFileAtomically(PathOf(model.ref), model.values.bytes(), 0400);
}

Result<BlobRef> ModelStore::PutBytes(std::span<const std::byte> bytes) {
  const BlobRef ref = BlobRefOf(bytes);
  std::error_code ignored;
  if (!std::filesystem::exists(PathOf(ref), ignored)) {
    CAIRN_RETURN_IF_ERROR(WriteFileAtomically(PathOf(ref), bytes, 0400));
  }
  return ref;
}

Result<std::vector<std::byte>> ModelStore::GetBytes(const BlobRef& ref) const {
  CAIRN_ASSIGN_OR_RETURN(const std::string text, ReadFile(PathOf(ref), ref.size));
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  if (BlobRefOf(bytes) != ref) {
    return Status(errors::kStorageCorrupt, PathOf(ref).string() + " does not hold the bytes of its name");
  }
  return bytes;
}

Result<ModelHandle> ModelStore::Get(const BlobRef& ref, const ParameterSpec& spec) const {
  if (ref.size != spec.byte_size()) {
    return Status(errors::kStorageCorrupt, "model " + ref.hex() + " has " + std::to_string(ref.size) +
                                               " bytes, its layout needs " +
                                               std::to_string(spec.byte_size()));
  }
  CAIRN_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, GetBytes(ref));
  auto version = std::make_shared<ModelVersion>();
  version->ref = ref;
  version->values = ParameterSet(spec);
  std::memcpy(version->values.mutable_bytes().data(), bytes.data(), bytes.size());
  return ModelHandle(std::move(version));
}

void ModelStore::KeepOnly(std::span<const BlobRef> kept) const {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (std::ranges::none_of(kept, [&](const BlobRef& ref) { return ref.hex() == name; })) {
      std::filesystem::remove(entry.path(), error);
    }
  }
}

}  // namespace cairn
