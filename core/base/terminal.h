#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn {

enum class ColorChoice : std::uint8_t { kAuto, kAlways, kNever };

// What one output stream can show. A value, asked once at the start.
struct Terminal {
  bool is_terminal = false;  // lines may be redrawn
  bool color = false;        // escape bytes for colour may be written
  bool unicode = false;      // the locale's characters are UTF-8
  int width = 80;            // columns

  // The text between the escape bytes of a colour, or as it is without colour.
  std::string Bold(std::string_view text) const { return Paint("1", text); }
  std::string Dim(std::string_view text) const { return Paint("2", text); }
  std::string Red(std::string_view text) const { return Paint("31", text); }
  std::string Green(std::string_view text) const { return Paint("32", text); }
  std::string Yellow(std::string_view text) const { return Paint("33", text); }

 private:
  std::string Paint(std::string_view code, std::string_view text) const;
};

// Looks at the descriptor and at NO_COLOR, TERM and the locale variables. A TERM of "dumb" and a
// stream that is no terminal get no escape byte, unless colour is asked for by kAlways.
Terminal DetectTerminal(int fd, ColorChoice color = ColorChoice::kAuto);

}  // namespace cairn
