#include "simulation/report/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>
#include <utility>

#include "core/base/text.h"

namespace cairn {
namespace {

constexpr Duration kRedraw = std::chrono::milliseconds(100);
constexpr int kBarCells = 10;
constexpr std::string_view kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

std::string Short(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

std::string Clock24(Duration time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  char text[48];
  if (seconds >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", static_cast<long long>(seconds / 3600),
                  static_cast<long long>(seconds / 60 % 60), static_cast<long long>(seconds % 60));
  } else {
    std::snprintf(text, sizeof text, "%02lld:%02lld", static_cast<long long>(seconds / 60),
                  static_cast<long long>(seconds % 60));
  }
  return text;
}

// Cuts to a number of columns; every code point we write is one column wide.
std::string CutTo(const std::string& text, int columns) {
  int seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (seen++ == columns) return text.substr(0, i);
  }
  return text;
}

}  // namespace

ProgressLine::ProgressLine(std::ostream& out, Terminal terminal, const Clock& clock, bool quiet)
    : out_(out), terminal_(terminal), clock_(clock), quiet_(quiet), started_(clock.Now()) {}

ProgressLine::~ProgressLine() {
  if (is_drawn_) out_ << '\n' << std::flush;
}

void ProgressLine::Update(const Progress& progress) {
  if (first_round_ == 0) first_round_ = progress.round;
  if (quiet_ || !terminal_.is_terminal) return;
  const TimePoint now = clock_.Now();
  if (last_drawn_ && now - *last_drawn_ < kRedraw) return;
  Draw(progress, false);
}

void ProgressLine::RoundDone(const Progress& progress) {
  if (first_round_ == 0) first_round_ = progress.round;
  before_ = std::exchange(shown_, progress.values);
  if (quiet_) return;
  if (terminal_.is_terminal) return Draw(progress, true);
  out_ << Line(progress, true) << std::endl;
}

void ProgressLine::Clear() {
  if (!is_drawn_) return;
  out_ << "\r\x1b[K" << std::flush;
  is_drawn_ = false;
}

void ProgressLine::Draw(const Progress& progress, bool is_done) {
  out_ << '\r' << CutTo(Line(progress, is_done), terminal_.width - 1) << "\x1b[K" << std::flush;
  is_drawn_ = true;
  last_drawn_ = clock_.Now();
}

std::string ProgressLine::Bar(double share) const {
  const double cells = std::clamp(share, 0.0, 1.0) * kBarCells;
  const int full = static_cast<int>(cells);
  if (!terminal_.unicode) {
    return "[" + std::string(static_cast<std::size_t>(full), '#') +
           std::string(static_cast<std::size_t>(kBarCells - full), '.') + "]";
  }
  std::string bar = "▕";
  for (int i = 0; i < full; ++i) bar += "█";
  const std::string_view part = kEighths[static_cast<std::size_t>((cells - full) * 8)];
  bar += part;
  for (int i = full + (part.empty() ? 0 : 1); i < kBarCells; ++i) bar += ' ';
  return bar + "▏";
}

std::optional<Duration> ProgressLine::Eta(const Progress& progress) const {
  const double share = progress.invited == 0
                           ? 0
                           : static_cast<double>(progress.reported) / static_cast<double>(progress.invited);
  const double done = static_cast<double>(progress.round - first_round_) + share;
  const double left = static_cast<double>(progress.rounds) - static_cast<double>(progress.round) + 1 - share;
  if (done < 0.5 || left <= 0) return std::nullopt;  // too little seen to tell
  const double passed = static_cast<double>((clock_.Now() - started_).count());
  return Duration(static_cast<std::int64_t>(passed / done * left));
}

std::string ProgressLine::Line(const Progress& progress, bool is_done) const {
  const bool fancy = terminal_.unicode;
  const std::string dot = fancy ? " · " : ", ";
  std::string line = "round " + std::to_string(progress.round) + "/" + std::to_string(progress.rounds);
  if (terminal_.is_terminal) {
    const double part = progress.invited == 0
                            ? 0
                            : static_cast<double>(progress.reported) / static_cast<double>(progress.invited);
    const double done = static_cast<double>(progress.round) - 1 + (is_done ? 1 : part);
    line += " " + Bar(progress.rounds == 0 ? 0 : done / static_cast<double>(progress.rounds));
  }
  line += (terminal_.is_terminal ? " " : dot) + std::to_string(progress.reported) + "/" +
          std::to_string(progress.invited) + " sites";
  for (const auto& [name, value] : shown_) {
    if (!std::isfinite(value)) continue;
    line += dot + EscapeControls(name) + " " + Short(value);
    const auto old = std::ranges::find(before_, name, &std::pair<std::string, double>::first);
    const bool moved = old != before_.end() && std::isfinite(old->second) && old->second != value;
    if (moved && fancy) line += value > old->second ? " ↑" : " ↓";
  }
  if (progress.bytes_up > 0)
    line += dot + FormatByteSize(progress.bytes_up) + (fancy ? "↑ a site" : " up a site");
  if (!terminal_.is_terminal) return line;
  if (is_done && progress.round >= progress.rounds) return line + dot + Clock24(clock_.Now() - started_);
  const std::optional<Duration> eta = Eta(progress);
  return eta ? line + dot + "eta " + Clock24(*eta) : line;
}

}  // namespace cairn
