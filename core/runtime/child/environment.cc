#include "core/runtime/child/environment.h"

#include <unistd.h>

#include "core/runtime/files.h"

namespace cairn {
namespace {

std::string_view ValueOf(std::string_view cpuinfo, std::string_view key) {
  while (!cpuinfo.empty()) {
    const auto line = cpuinfo.substr(0, cpuinfo.find('\n'));
    if (line.empty()) return {};  // the first processor ends here
    const auto colon = line.find(':');
    if (line.starts_with(key) && colon != std::string_view::npos &&
        line.substr(key.size(), colon - key.size()).find_first_not_of(" \t") == std::string_view::npos) {
      return colon + 2 <= line.size() ? line.substr(colon + 2) : std::string_view();
    }
    cpuinfo.remove_prefix(std::min(cpuinfo.size(), line.size() + 1));
  }
  return {};
}

}  // namespace

CpuTraits ParseCpuTraits(std::string_view cpuinfo) {
  CpuTraits cpu;
  cpu.has_avx512 = (std::string(ValueOf(cpuinfo, "flags")) + " ").find(" avx512vl ") != std::string::npos;
  return cpu;
}

CpuTraits ThisCpu() {
  constexpr std::uint64_t kLimit = 4 << 20;  // 2 KB a processor
  const auto text = ReadFile("/proc/cpuinfo", kLimit);
  return text.ok() ? ParseCpuTraits(*text) : CpuTraits{};
}

std::vector<std::string> WorkerEnvironment(std::span<const std::string> own, const CpuTraits& cpu) {
  std::vector<std::string> environment{"LANG=C.UTF-8"};
  const auto add = [&](std::string name, std::string_view fallback) {
    name += '=';
    for (const std::string& entry : own) {
      if (entry.starts_with(name)) return environment.push_back(entry);
    }
    if (!fallback.empty()) environment.push_back(name.append(fallback));
  };
  add("OPENBLAS_NUM_THREADS", "1");
  add("OMP_NUM_THREADS", "1");
  add("OPENBLAS_CORETYPE", cpu.has_avx512 ? "SKYLAKEX" : "");
  return environment;
}

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

}  // namespace cairn
