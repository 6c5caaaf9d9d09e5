#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace cairn {

// The texts a demo federation runs on. A site's rows: its part of Fashion-MNIST, or made digits.
struct DemoSite {
  std::string name;
  std::filesystem::path folder;
  std::string dataset_keys;  // the keys of its [dataset.images] table
};

std::string DemoSiteName(std::size_t index);  // site-a, site-b, …
std::string DemoJobToml(std::int64_t sites, std::int64_t rounds, std::int64_t seed);
std::string DemoClientToml(const DemoSite& site, const std::string& federation, std::uint16_t port);
// The same job in the simulator: equal bytes.
std::string DemoExperimentToml(const std::string& job_toml, const std::vector<DemoSite>& sites);

}  // namespace cairn
