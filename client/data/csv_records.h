#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace cairn {

// One cell. The text is unquoted and borrowed from the reader; blanks around an unquoted cell are cut.
struct CsvField {
  std::string_view text;
  std::uint32_t line = 0, column = 0;  // from 1; bytes within the line
  bool quoted = false;
};

struct CsvRecord {
  std::vector<CsvField> fields;  // valid until the next call of Next
  std::string_view raw;          // the bytes as they stand in the file, line end included
  std::uint32_t line = 0;        // where it starts
};

// Cuts CSV bytes into records (RFC 4180, also LF, `;` and tab, and a byte order mark). Blank lines are
// skipped. The bytes must outlive the reader. Not thread-safe.
//
//   CsvRecords records(bytes, "visits.csv", ',');
//   CsvRecord record;
//   for (;;) { CAIRN_ASSIGN_OR_RETURN(const bool more, records.Next(record)); if (!more) break; … }
//
// kCsvMalformed names file:line:column. After an error can_resume() says whether Next goes on with the
// following line; after an unclosed quote nothing that follows can be trusted.
class CsvRecords {
 public:
  static constexpr std::size_t kMaxRecord = std::size_t{1} << 20;

  CsvRecords(std::string_view bytes, std::string name, char separator);

  Result<bool> Next(CsvRecord& record);  // false at the end
  bool can_resume() const { return can_resume_; }
  // Passes over this many lines as they are; for banners before the table.
  void SkipLines(std::uint32_t count);
  std::string_view rest() const { return bytes_.substr(at_); }  // what Next has not read
  const std::string& name() const { return name_; }

 private:
  bool AtLineEnd() const;
  void TakeLineEnd();
  void SkipBlankLines();
  Status TakeField(CsvRecord& record);
  Status TakeQuoted(CsvField& field);
  void TakePlain(CsvField& field);
  Status Fault(std::uint32_t line, std::uint32_t column, const std::string& what);
  void ResumeAtNextLine();
  std::uint32_t column() const { return static_cast<std::uint32_t>(at_ - line_start_ + 1); }

  std::string_view bytes_;
  std::string name_;
  char separator_;
  std::size_t at_ = 0, line_start_ = 0, record_start_ = 0;
  std::uint32_t line_ = 1;
  bool can_resume_ = true;
  std::deque<std::string> unescaped_;  // cells that held doubled quotes, of the current record
};

// The most frequent of `,` `;` and tab in the first non-blank line outside quotes; `,` when there is none.
char DetectSeparator(std::string_view bytes);

// "visits.csv:17:23"
std::string At(const std::string& name, std::uint32_t line, std::uint32_t column);
// The cell for a message: quoted, cut after 40 bytes, unprintable bytes as '?'.
std::string Shown(std::string_view cell);
// A finite number such as 63, 63.0, .7, -1e3; blanks around it are cut. None for anything else.
std::optional<double> ParseNumber(std::string_view text);

}  // namespace cairn
