#include "cli/cairn/browser.h"

#include <spawn.h>
#include <sys/wait.h>

#include <string>

extern char** environ;  // POSIX declares it nowhere

namespace cairn {

bool OpenInBrowser(const std::filesystem::path& page) {
  std::string opener = "xdg-open", file = std::filesystem::absolute(page).string();
  char* const arguments[] = {opener.data(), file.data(), nullptr};
  pid_t child = 0;
  if (posix_spawnp(&child, opener.c_str(), nullptr, nullptr, arguments, environ) != 0) return false;
  int result = 0;
  return waitpid(child, &result, 0) == child && WIFEXITED(result) && WEXITSTATUS(result) == 0;
}

}  // namespace cairn
