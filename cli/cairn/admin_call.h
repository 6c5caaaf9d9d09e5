#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/runtime/asio/local_client.h"

// How commands speak to a daemon of this machine: one JSON request {"verb": …} over its admin socket,
// answered by {"status":"ok","data":{…}} or {"status":"error","error":{"id","what","why","mend"}}.
// Blocking; one thread.

namespace cairn {

// The "data" of the answer, or the daemon's own error with its id and words. Further errors: kNotFound
// (no daemon there), kStorageIo (this user may not), kNetLost, kNetProtocol.
Result<nlohmann::json> AdminCall(const std::filesystem::path& socket, const nlohmann::json& request,
                                 WipedText attachment = {}, Duration patience = std::chrono::seconds(30));

// One request, many answers, such as job.watch; `on_data` returns false to hang up. The first error
// that the daemon answers ends it.
Status AdminStream(const std::filesystem::path& socket, const nlohmann::json& request,
                   const std::function<bool(const nlohmann::json& data)>& on_data);

// One answer taken apart.
Result<nlohmann::json> ReadAdminAnswer(const LocalMessage& answer);

}  // namespace cairn
