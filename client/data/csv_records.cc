#include "client/data/csv_records.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

namespace cairn {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string_view CutBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

std::string Unescape(std::string_view quoted) {
  std::string text;
  text.reserve(quoted.size());
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    text += quoted[i];
    if (quoted[i] == '"') ++i;  // the second of a pair
  }
  return text;
}

}  // namespace

CsvRecords::CsvRecords(std::string_view bytes, std::string name, char separator)
    : bytes_(bytes), name_(std::move(name)), separator_(separator) {
  if (bytes_.starts_with(kByteOrderMark)) bytes_.remove_prefix(kByteOrderMark.size());
}

bool CsvRecords::AtLineEnd() const {
  if (at_ >= bytes_.size()) return true;
  return bytes_[at_] == '\n' || (bytes_[at_] == '\r' && at_ + 1 < bytes_.size() && bytes_[at_ + 1] == '\n');
}

void CsvRecords::TakeLineEnd() {
  if (at_ >= bytes_.size()) return;
  at_ += bytes_[at_] == '\r' ? 2 : 1;
  line_start_ = at_;
  ++line_;
}

void CsvRecords::SkipBlankLines() {
  while (at_ < bytes_.size()) {
    std::size_t end = at_;
    while (end < bytes_.size() && bytes_[end] == ' ') ++end;
    const bool crlf = end + 1 < bytes_.size() && bytes_[end] == '\r' && bytes_[end + 1] == '\n';
    const bool blank = end == bytes_.size() || bytes_[end] == '\n' || crlf;
    if (!blank) return;
    at_ = end;
    TakeLineEnd();
  }
}

void CsvRecords::SkipLines(std::uint32_t count) {
  for (; count > 0 && at_ < bytes_.size(); --count) ResumeAtNextLine();
}

void CsvRecords::ResumeAtNextLine() {
  at_ = std::min(bytes_.find('\n', at_), bytes_.size());
  TakeLineEnd();
}

Status CsvRecords::Fault(std::uint32_t line, std::uint32_t column, const std::string& what) {
  return Status(errors::kCsvMalformed, At(name_, line, column) + ": " + what);
}

Result<bool> CsvRecords::Next(CsvRecord& record) {
  record.fields.clear();
  unescaped_.clear();
  if (!can_resume_) return false;
  SkipBlankLines();
  if (at_ >= bytes_.size()) return false;
  record_start_ = at_;
  record.line = line_;
  for (;;) {
    if (Status status = TakeField(record); !status.ok()) {
      if (can_resume_) ResumeAtNextLine();
      return status;
    }
    if (at_ - record_start_ > kMaxRecord) {
      Status status = Fault(record.line, 1, "the line is longer than 1 MiB");
      ResumeAtNextLine();
      return status;
    }
    if (AtLineEnd()) break;
    ++at_;  // the separator
  }
  TakeLineEnd();
  record.raw = bytes_.substr(record_start_, at_ - record_start_);
  return true;
}

Status CsvRecords::TakeField(CsvRecord& record) {
  while (at_ < bytes_.size() && IsBlank(bytes_[at_]) && bytes_[at_] != separator_) ++at_;
  CsvField field;
  field.line = line_;
  field.column = column();
  field.quoted = at_ < bytes_.size() && bytes_[at_] == '"';
  if (field.quoted) {
    CAIRN_RETURN_IF_ERROR(TakeQuoted(field));
  } else {
    TakePlain(field);
  }
  if (const std::size_t nul = field.text.find('\0'); nul != std::string_view::npos) {
    return Fault(field.line, field.column + static_cast<std::uint32_t>(nul), "a NUL byte");
  }
  record.fields.push_back(field);
  return Status::Ok();
}

void CsvRecords::TakePlain(CsvField& field) {
  const std::size_t begin = at_;
  while (at_ < bytes_.size() && bytes_[at_] != separator_ && !AtLineEnd()) ++at_;
  field.text = CutBlanks(bytes_.substr(begin, at_ - begin));
}

Status CsvRecords::TakeQuoted(CsvField& field) {
  const std::size_t begin = ++at_;
  bool doubled = false;
  for (;; ++at_) {
    if (at_ >= bytes_.size() || at_ - record_start_ > kMaxRecord) {
      can_resume_ = false;
      return Fault(
          field.line, field.column,
          "the quote opened here is not closed" + std::string(at_ < bytes_.size() ? " within 1 MiB" : ""));
    }
    if (bytes_[at_] == '\n') {
      line_start_ = at_ + 1;
      ++line_;
    }
    if (bytes_[at_] != '"') continue;
    if (at_ + 1 >= bytes_.size() || bytes_[at_ + 1] != '"') break;
    doubled = true;
    ++at_;
  }
  field.text = bytes_.substr(begin, at_ - begin);
  if (doubled) {
    unescaped_.push_back(Unescape(field.text));
    field.text = unescaped_.back();
  }
  ++at_;
  while (at_ < bytes_.size() && IsBlank(bytes_[at_]) && bytes_[at_] != separator_) ++at_;
  if (!AtLineEnd() && bytes_[at_] != separator_) {
    return Fault(line_, column(), "a separator or the end of the line must follow the closing quote");
  }
  return Status::Ok();
}

char DetectSeparator(std::string_view bytes) {
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  constexpr std::array<char, 3> kCandidates = {',', ';', '\t'};
  std::array<std::size_t, 3> counts{};
  bool quoted = false, content = false;
  for (const char c : bytes.substr(0, CsvRecords::kMaxRecord)) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' && content) break;
    content = content || (c != '\n' && c != '\r');
    for (std::size_t i = 0; i < kCandidates.size(); ++i) counts[i] += c == kCandidates[i] ? 1 : 0;
  }
  return kCandidates[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) -
                                              counts.begin())];
}

std::string At(const std::string& name, std::uint32_t line, std::uint32_t column) {
  return name + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string Shown(std::string_view cell) {
  constexpr std::size_t kShown = 40;
  std::string text = "'";
  for (const char c : cell.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return text + (cell.size() > kShown ? "…'" : "'");
}

std::optional<double> ParseNumber(std::string_view text) {
  text = CutBlanks(text);
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

}  // namespace cairn
