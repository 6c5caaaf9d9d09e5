#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "core/base/result.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/crypto/text_codec.h"

// Small files of keys, certificates and rosters. Writing is atomic and durable: a temporary file in
// the same folder, fsync, rename, fsync of the folder; a crash leaves the old file or the new one.
// Errors: kNotFound, kStorageIo, kStorageFull; kKeyFile where the rules for secrets are broken.

namespace cairn {

// A secret file: a plain file (no symbolic link), owned by the effective user or root, without any
// permission for group or others; at most max_size bytes.
Result<SecretBytes> ReadPrivateFile(const std::filesystem::path& path, std::size_t max_size = 64 * 1024);
Status WritePrivateFile(const std::filesystem::path& path, const SecretBytes& content);

Result<Bytes> ReadPublicFile(const std::filesystem::path& path, std::size_t max_size = 4 * 1024 * 1024);
Status WritePublicFile(const std::filesystem::path& path, std::span<const std::byte> content);

// Makes the folder (and its parents) if it is not there, 0700 for the last one.
Status MakePrivateFolder(const std::filesystem::path& path);

}  // namespace cairn
