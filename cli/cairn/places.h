#pragma once

#include <filesystem>
#include <string>

namespace cairn {

// Where a daemon of this machine keeps its things: the flag, else CAIRN_AGGREGATOR_DIR or
// CAIRN_CLIENT_DIR, else the packaged place.
std::filesystem::path AggregatorFolder(const std::string& flag);
std::filesystem::path ClientFolder(const std::string& flag);

}  // namespace cairn
