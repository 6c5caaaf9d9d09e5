#include "core/base/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace cairn {
namespace {

std::string_view Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// The first of LC_ALL, LC_CTYPE and LANG that is set decides, as POSIX says.
bool LocaleIsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = Variable(name);
    if (value.empty()) continue;
    for (const std::string_view spelling : {"UTF-8", "utf-8", "UTF8", "utf8"}) {
      if (value.find(spelling) != std::string_view::npos) return true;
    }
    return false;
  }
  return false;
}

}  // namespace

std::string Terminal::Paint(std::string_view code, std::string_view text) const {
  if (!color) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

Terminal DetectTerminal(int fd, ColorChoice color) {
  Terminal terminal;
  const bool dumb = Variable("TERM") == "dumb";
  terminal.is_terminal = isatty(fd) == 1 && !dumb;
  terminal.unicode = LocaleIsUtf8();
  terminal.color = color == ColorChoice::kAlways ||
                   (color == ColorChoice::kAuto && terminal.is_terminal && Variable("NO_COLOR").empty());
  winsize size{};
  if (terminal.is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    terminal.width = size.ws_col;
  return terminal;
}

}  // namespace cairn
