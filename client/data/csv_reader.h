#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/data/data_schema.h"
#include "client/data/dataset_summary.h"
#include "client/data/example_source.h"

namespace cairn {

struct CsvOptions {
  CsvFormat format;
  DataSchema schema;
  ColumnMappings mappings;
  std::uint64_t max_bad_rows = 0;  // up to so many bad rows are left out and counted; one more is an error
  // A column of the file whose text comes back row by row; "file", unless a column is called so, gives
  // the name of the file; empty: none.
  std::string group_column;
};

struct CsvTable {
  std::unique_ptr<ExampleSource> source;
  // Of each row, the number of its record in its file, from 0, the header not counted.
  std::vector<std::uint32_t> records;
  // Of each row: the text of the group column; without one, the name of its file where there are
  // several; else empty.
  std::vector<std::string> groups;
  DatasetSummary summary;
};

// Reads a table. `bytes` is the unpacked file, `file_name` is for messages. Site standardisation uses
// every row of the table; a caller who holds rows out leaves it off and scales the source by its
// training rows (MeasureScale, ScaledSource).
// Every fault of a row: kCsvMalformed, kCsvRagged, kCsvNumber, kCsvCategory, kCsvLabel, kCsvMissing,
// kCsvRange, each with file:line:column, what was expected and what came; kCsvTooManyBad when
// max_bad_rows > 0 is exceeded. Of the whole: kSchemaInvalid, kDataEmpty.
Result<CsvTable> ReadCsv(std::string_view bytes, const std::string& file_name, const CsvOptions& options);

// The same of several files of one schema, one after the other: means, standardisation and
// max_bad_rows hold for all of them together.
struct CsvInput {
  std::string_view bytes;
  std::string name;
};
Result<CsvTable> ReadCsvFiles(std::span<const CsvInput> files, const CsvOptions& options);

// The names of the file's columns, from its header or as the format gives them, and the records
// behind them. The bytes must outlive the records.
class CsvRecords;
struct OpenedCsv {
  std::unique_ptr<CsvRecords> records;  // after the header
  std::vector<std::string> names;
  std::string_view preamble;  // banner lines and header as they stand in the file; may be empty
};
Result<OpenedCsv> OpenCsv(std::string_view bytes, const std::string& file_name, const CsvFormat& format);

}  // namespace cairn
