#include "cli/worker/one_blas_thread.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "core/runtime/child/environment.h"

namespace cairn {

void EnsureOneBlasThread(char** argv) {
  if (std::getenv("OPENBLAS_NUM_THREADS") != nullptr && std::getenv("OMP_NUM_THREADS") != nullptr) return;
  for (const std::string& setting : WorkerEnvironment(OwnEnvironment(), ThisCpu())) {
    const std::size_t equals = setting.find('=');
    const std::string name = setting.substr(0, equals);
    if (!name.starts_with("OPENBLAS_") && !name.starts_with("OMP_")) continue;
    setenv(name.c_str(), setting.c_str() + equals + 1, 0);  // a choice of the user's own stays
  }
  if (std::getenv("OPENBLAS_NUM_THREADS") == nullptr || std::getenv("OMP_NUM_THREADS") == nullptr) return;
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) execv(self.c_str(), argv);
}

}  // namespace cairn
