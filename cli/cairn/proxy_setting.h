#pragma once

#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "privacy/crypto/proxy.h"

namespace cairn {

// The proxy that the setting "env", "none" or "http://[user:password@]host:port" means for this aggregator.
// "env" goes by https_proxy and no_proxy, in small or capital letters. kConfigValue for another setting.
Result<std::optional<Proxy>> ProxyOf(std::string_view setting, const Endpoint& aggregator);

}  // namespace cairn
