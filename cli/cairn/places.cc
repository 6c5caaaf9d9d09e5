#include "cli/cairn/places.h"

#include <cstdlib>

namespace cairn {
namespace {

std::filesystem::path Folder(const std::string& flag, const char* variable, const char* packaged) {
  if (!flag.empty()) return std::filesystem::absolute(flag);
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? std::filesystem::absolute(value)
                                            : std::filesystem::path(packaged);
}

}  // namespace

std::filesystem::path AggregatorFolder(const std::string& flag) {
  return Folder(flag, "CAIRN_AGGREGATOR_DIR", "/var/lib/cairn/aggregator");
}

std::filesystem::path ClientFolder(const std::string& flag) {
  return Folder(flag, "CAIRN_CLIENT_DIR", "/etc/cairn");
}

}  // namespace cairn
