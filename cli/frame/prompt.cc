#include "cli/frame/prompt.h"

#include <termios.h>
#include <unistd.h>

#include <ostream>

namespace cairn {
namespace {

constexpr std::size_t kLongestAnswer = 4096;

// Switches the echo of the terminal off while it lives.
class SilentTerminal {
 public:
  SilentTerminal() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    if (changed_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool changed_ = false;
};

// Reads byte by byte: what follows the line stays for the next reader, and no buffer keeps a secret.
WipedText ReadLine() {
  WipedText line;
  for (char c = 0; line.size() < kLongestAnswer && read(STDIN_FILENO, &c, 1) == 1 && c != '\n';)
    line.Append({&c, 1});
  return line;
}

Status CheckTerminal(std::string_view question, std::string_view flag) {
  if (isatty(STDIN_FILENO) == 1) return {};
  return Status(errors::kNoTerminal, "cannot ask '" + std::string(question) + "' without a terminal")
      .Mend("answer with " + std::string(flag));
}

}  // namespace

Result<std::string> AskLine(CommandOutput& out, std::string_view question, std::string_view flag) {
  CAIRN_RETURN_IF_ERROR(CheckTerminal(question, flag));
  out.notes() << "? " << question << ": " << std::flush;
  return std::string(ReadLine());
}

Result<WipedText> AskSecret(CommandOutput& out, std::string_view question, std::string_view flag) {
  CAIRN_RETURN_IF_ERROR(CheckTerminal(question, flag));
  out.notes() << "? " << question << ": " << std::flush;
  const SilentTerminal silent;
  WipedText secret = ReadLine();
  out.notes() << '\n';
  return secret;
}

Status Confirm(CommandOutput& out, std::string_view question, std::string_view flag) {
  CAIRN_RETURN_IF_ERROR(CheckTerminal(question, flag));
  out.notes() << "? " << question << " [y/N] " << std::flush;
  const WipedText answer = ReadLine();
  if (answer.view() == "y" || answer.view() == "Y" || answer.view() == "yes") return {};
  return Status(errors::kNotConfirmed, "not confirmed, so nothing was done");
}

}  // namespace cairn
