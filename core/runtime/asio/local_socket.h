#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "core/runtime/unique_fd.h"

namespace cairn {

// A connected socket; kNotFound when nothing listens there, kStorageIo for a path too long or not ours.
Result<UniqueFd> ConnectLocal(const std::filesystem::path& path);

// A listening socket (0660), after removing a stale one. See LocalServer::Start for the errors.
Result<UniqueFd> ListenLocal(const std::filesystem::path& path);

}  // namespace cairn
