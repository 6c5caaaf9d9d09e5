#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

// A job's schema is the contract between sites: which features a row has, in which order, type, unit
// and range, what a missing value means, and what the label is. A site's mapping says where each of
// them comes from in its own file. Both are plain structs; configuration files are read elsewhere.

namespace cairn {

enum class ColumnType : std::uint8_t {
  kNumeric,      // one feature
  kCategorical,  // one feature a category (one-hot), the first left out under drop_first
  kLabel,        // the target; exactly one
  kIgnored,      // read past; the same as not naming the column
  kPatient,      // whose the row is: equal cells, one person (ExampleSource::unit); at most one
};

// What an empty cell or a missing mark means.
enum class MissingPolicy : std::uint8_t {
  kRequired,   // a bad row (kCsvMissing)
  kDropRow,    // the row is left out and counted
  kMean,       // numeric: the mean of the values present at this site
  kConstant,   // fill_value, or fill_category
  kIndicator,  // as kConstant (categorical: no category), and one more feature "NAME=missing" is 1
};

enum class Standardisation : std::uint8_t {
  kNone,
  kSchema,  // (x - mean) / std as the schema gives them; columns without them stay as they are
  kSite,    // (x - m) / (s + 1e-9), m and unbiased s of this site's rows, for every feature
};

struct ColumnSchema {
  std::string name;
  ColumnType type = ColumnType::kNumeric;
  std::string unit;                // for people: "mg/dl"
  std::optional<double> min, max;  // inclusive, after the mapping's scale and offset; also of a numeric label
  std::vector<std::string> categories;  // in one-hot order; "1" also matches a cell "1.0"
  bool drop_first = false;
  MissingPolicy missing = MissingPolicy::kRequired;
  double fill_value = 0;
  std::string fill_category;
  std::optional<double> mean, std;  // for Standardisation::kSchema
};

// How a label cell becomes a target. The first rule that is set holds:
// real, positive_above, classes, else a whole number 0 … num_classes-1.
struct LabelRule {
  bool real = false;                     // regression: any finite number
  std::optional<double> positive_above;  // class 1 above, class 0 up to and including it
  std::vector<std::string> classes;      // class i is the text classes[i]
  std::int64_t num_classes = 0;          // 0: the largest label of the file + 1, at least 2
  bool strip_trailing_dot = false;       // ">50K." reads as ">50K"
};

struct DataSchema {
  // Features come in this order, whatever the order in the file.
  std::vector<ColumnSchema> columns;
  LabelRule label;
  std::vector<std::string> missing_marks = {"", "?", "NA"};
  Standardisation standardisation = Standardisation::kNone;

  // kSchemaInvalid when two settings contradict each other.
  Status Validate() const;
  const ColumnSchema* label_column() const;  // null where there is none
  // "age", "cp=2", "chol=missing" …, as the encoded features are ordered.
  std::vector<std::string> FeatureNames() const;
  // 0 for regression and where the file decides.
  std::int64_t num_classes() const;
};

// Whether a row's features are made of that row alone and of constants. Under differential privacy they must
// be: a mean over all rows carries each of them into every other, past any clip. kPrivacyTraining.
Status CheckRowsStandAlone(const DataSchema& schema);

// Where one column of the schema comes from in a site's file.
struct ColumnMapping {
  std::string from;                        // the file's column; empty: the schema's name
  double scale = 1, offset = 0;            // numeric: value · scale + offset, before the range check
  std::map<std::string, std::string> map;  // cell text to schema text, before anything else
  std::vector<std::string> missing;        // more missing marks of this column
};
using ColumnMappings = std::map<std::string, ColumnMapping>;  // by schema name

// How the file is written down.
struct CsvFormat {
  char separator = 0;  // 0: the most frequent of , ; and tab in the first line
  bool header = true;
  std::vector<std::string> names;  // the file's columns where there is no header; empty: "0", "1", …
  std::uint32_t skip_lines = 0;    // banners above the table
};

// The schema of a file with a header whose columns are all numbers, but for the label column named:
// the label may also hold words, which become classes in sorted order. For a first try; a job that
// leaves one machine should name its schema. `bytes` is the unpacked file.
Result<DataSchema> InferSchema(std::string_view bytes, const std::string& file_name, const CsvFormat& format,
                               const std::string& label_column);

}  // namespace cairn
