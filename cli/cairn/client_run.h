#pragma once

#include <filesystem>

#include "client/policy/client_config.h"
#include "core/base/result.h"

namespace cairn {

// In the state folder of a site: every charge against its privacy domains.
inline constexpr const char* kPrivacyLedgerFile = "privacy.ledger";

// `folder`/client.toml with the environment on top.
Result<ClientConfig> LoadClientConfig(const std::filesystem::path& folder);

// The site's daemon: agent, gRPC channel, sandboxed worker, admin socket. Returns after a drained
// SIGTERM, or with what blocks it before its first session. Call it while the process has one thread.
Status RunClient(const std::filesystem::path& folder);

}  // namespace cairn
