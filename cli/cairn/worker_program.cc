#include "cli/cairn/worker_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/base/text.h"
#include "core/runtime/child/environment.h"

namespace cairn {
namespace {

constexpr const char* kName = "cairn-worker";

bool IsProgram(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

std::vector<std::filesystem::path> Places() {
  std::vector<std::filesystem::path> places;
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    places.push_back(self.parent_path() / kName);
    places.push_back(self.parent_path().parent_path() / "libexec" / "cairn" / kName);
  }
  const char* path = std::getenv("PATH");
  for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
    const std::size_t colon = rest.find(':');
    if (colon != 0) places.push_back(std::filesystem::path(rest.substr(0, colon)) / kName);
    rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
  }
  return places;
}

// The worker's own needs, where the user has not said otherwise.
void AddBlasSettings() {
  for (const std::string& setting : WorkerEnvironment(OwnEnvironment(), ThisCpu())) {
    const std::size_t equals = setting.find('=');
    const std::string name = setting.substr(0, equals);
    if (!name.starts_with("OPENBLAS_") && !name.starts_with("OMP_")) continue;
    setenv(name.c_str(), setting.c_str() + equals + 1, 0);
  }
}

}  // namespace

Result<std::filesystem::path> FindWorker() {
  for (const std::filesystem::path& place : Places()) {
    if (IsProgram(place)) return place;
  }
  return Status(errors::kWorkerMissing,
                "cairn-worker is not installed: neither beside this program nor on PATH")
      .Mend("sudo apt install cairn-worker");
}

Status ExecWorker(const std::vector<std::string>& words) {
  CAIRN_ASSIGN_OR_RETURN(const std::filesystem::path program, FindWorker());
  AddBlasSettings();
  std::string path = program.string();
  std::vector<std::string> copies = words;
  std::vector<char*> arguments = {path.data()};
  for (std::string& word : copies) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv(path.c_str(), arguments.data());
  return Status(errors::kWorkerMissing, "cannot run " + EscapeControls(path) + ": " + std::strerror(errno));
}

}  // namespace cairn
