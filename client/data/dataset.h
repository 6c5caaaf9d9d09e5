#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/data/data_schema.h"
#include "client/data/dataset_summary.h"
#include "client/data/example_source.h"
#include "client/data/image_source.h"
#include "core/base/result.h"

namespace cairn {

// Where a data set lies and how it is read: one [dataset.NAME] of a site, or the data set of an
// experiment. Which members count depends on the reader.
struct DatasetConfig {
  std::string name;
  std::string reader;  // "csv", "idx", "made-digits" or "made-blobs"

  // csv: one file, or several of one schema. idx: the image file. gzip is unpacked by itself.
  std::vector<std::string> paths;
  std::string labels_path;  // idx

  // csv. Without a schema, label_column must be named and every other column be numeric.
  std::optional<DataSchema> schema;
  std::string label_column;
  ColumnMappings columns;
  CsvFormat format;
  std::uint64_t max_bad_rows = 0;
  std::string group_column;

  // idx; num_classes 0 takes the largest label of the file + 1.
  std::int64_t num_classes = 0;
  Normalisation normalisation;

  // made-digits: rows, size, seed, first_row. made-blobs: also features and num_classes (0: 2).
  std::uint64_t seed = 1;
  std::uint32_t rows = 6000;
  std::uint32_t size = 28;
  std::uint32_t features = 8;
  std::uint32_t first_row = 0;

  // A text file of row numbers, from 0, one a line: only these rows, in that order. They count the
  // usable rows, as the reader would deliver them without this file.
  std::string rows_path;
};

struct Dataset {
  std::unique_ptr<ExampleSource> source;
  std::vector<std::uint32_t> records;  // of each row, its record or image in the file it came from
  std::vector<std::string> groups;     // of each row (CsvTable::groups); empty where there are none
  DatasetSummary summary;
};

// Reads everything there is to know; for `data check` and for simulations, which need the groups.
// Errors: those of the readers, kDataNotFound, kGzipDamaged, kDatasetConfig, kRowFile.
Result<Dataset> LoadDataset(const DatasetConfig& config);

// Only the examples.
Result<std::unique_ptr<ExampleSource>> OpenDataset(const DatasetConfig& config);

// Row numbers as the text file holds them: digits separated by line ends, blanks or commas; `#` starts
// a comment. Each is below `rows` and comes once. kRowFile with file:line.
Result<std::vector<std::uint32_t>> ParseRowNumbers(std::string_view text, const std::string& name,
                                                   std::uint32_t rows);

}  // namespace cairn
