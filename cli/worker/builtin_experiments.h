#pragma once

#include <optional>
#include <string_view>

namespace cairn {

// Experiments that need no file: "quickstart" on made digits, "fashion" on Debian's Fashion-MNIST.
struct BuiltinExperiment {
  std::string_view name, about, toml;
};

std::optional<BuiltinExperiment> FindBuiltinExperiment(std::string_view name);

}  // namespace cairn
