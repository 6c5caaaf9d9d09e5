#include "client/data/dataset.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "client/data/byte_file.h"
#include "client/data/csv_reader.h"
#include "client/data/idx_reader.h"
#include "client/data/made_data.h"

namespace cairn {
namespace {

Status BadConfig(const DatasetConfig& config, const std::string& what) {
  return Status(errors::kDatasetConfig, "dataset." + config.name + ": " + what);
}

Result<Dataset> LoadCsv(const DatasetConfig& config) {
  if (config.paths.empty()) return BadConfig(config, "the csv reader needs a path");
  std::vector<std::string> contents;
  for (const std::string& path : config.paths) {
    CAIRN_ASSIGN_OR_RETURN(std::string bytes, ReadDataFile(path));
    contents.push_back(std::move(bytes));
  }
  CsvOptions options{.format = config.format,
                     .schema = {},
                     .mappings = config.columns,
                     .max_bad_rows = config.max_bad_rows,
                     .group_column = config.group_column};
  if (config.schema) {
    options.schema = *config.schema;
  } else if (config.label_column.empty()) {
    return BadConfig(config, "the csv reader needs a schema, or label_column to infer one");
  } else {
    CAIRN_ASSIGN_OR_RETURN(options.schema, InferSchema(contents.front(), config.paths.front(), config.format,
                                                       config.label_column));
  }
  std::vector<CsvInput> files;
  for (std::size_t i = 0; i < contents.size(); ++i) files.push_back({contents[i], config.paths[i]});
  CAIRN_ASSIGN_OR_RETURN(CsvTable table, ReadCsvFiles(files, options));
  return Dataset{std::move(table.source), std::move(table.records), std::move(table.groups),
                 std::move(table.summary)};
}

Result<std::unique_ptr<ExampleSource>> OpenIdx(const DatasetConfig& config) {
  if (config.paths.size() != 1 || config.labels_path.empty()) {
    return BadConfig(config, "the idx reader needs one path, of the images, and labels_path");
  }
  CAIRN_ASSIGN_OR_RETURN(const std::string images, ReadDataFile(config.paths[0]));
  CAIRN_ASSIGN_OR_RETURN(const std::string labels, ReadDataFile(config.labels_path));
  return ReadIdx(images, labels, {config.paths[0], config.labels_path}, config.num_classes,
                 config.normalisation);
}

Result<std::unique_ptr<ExampleSource>> OpenMadeDigits(const DatasetConfig& config) {
  constexpr std::uint32_t kMostRows = 1'000'000;
  if (config.size < 8 || config.size > 256)
    return BadConfig(config, "size is 8 to 256, got " + std::to_string(config.size));
  if (config.rows < 1 || config.rows > kMostRows) {
    return BadConfig(config, "rows is 1 to 1000000, got " + std::to_string(config.rows));
  }
  return MadeDigits(config.seed, config.rows, config.size, config.first_row);
}

Result<std::unique_ptr<ExampleSource>> OpenMadeBlobs(const DatasetConfig& config) {
  constexpr std::int64_t kMost = 10'000'000;  // values in memory, and classes
  const std::int64_t classes = config.num_classes == 0 ? 2 : config.num_classes;
  if (config.rows < 1 || config.features < 1 || std::int64_t{config.rows} * config.features > kMost) {
    return BadConfig(config, "rows and features are at least 1 and their product at most 10000000");
  }
  if (classes < 2 || classes > kMost / config.features) {
    return BadConfig(config, "num_classes is 2 to 10000000/features, got " + std::to_string(classes));
  }
  return MadeBlobs(config.seed, config.rows, config.features, static_cast<std::uint32_t>(classes), 2.0,
                   config.first_row);
}

// A data set whose rows are those of its file or recipe, without names or groups.
Dataset Plain(std::unique_ptr<ExampleSource> source) {
  Dataset dataset;
  dataset.records.resize(source->size());
  std::iota(dataset.records.begin(), dataset.records.end(), 0u);
  dataset.source = std::move(source);
  return dataset;
}

Result<Dataset> LoadByReader(const DatasetConfig& config) {
  if (config.reader == "csv") return LoadCsv(config);
  Result<std::unique_ptr<ExampleSource>> source =
      config.reader == "idx"           ? OpenIdx(config)
      : config.reader == "made-digits" ? OpenMadeDigits(config)
      : config.reader == "made-blobs"
          ? OpenMadeBlobs(config)
          : BadConfig(config, "reader '" + config.reader +
                                  "' is unknown, expected csv, idx, made-digits or made-blobs");
  if (!source.ok()) return std::move(source).status();
  return Plain(std::move(source).value());
}

Status KeepNamedRows(const std::string& path, Dataset& dataset) {
  CAIRN_ASSIGN_OR_RETURN(const std::string text, ReadDataFile(path));
  CAIRN_ASSIGN_OR_RETURN(std::vector<std::uint32_t> rows,
                         ParseRowNumbers(text, path, dataset.source->size()));
  if (rows.empty()) return Status(errors::kDataEmpty, path + " names no row");
  Dataset kept;
  for (const std::uint32_t row : rows) {
    kept.records.push_back(dataset.records[row]);
    if (!dataset.groups.empty()) kept.groups.push_back(std::move(dataset.groups[row]));
  }
  kept.summary = std::move(dataset.summary);
  kept.source = std::make_unique<Subset>(std::shared_ptr<const ExampleSource>(std::move(dataset.source)),
                                         std::move(rows));
  dataset = std::move(kept);
  return Status::Ok();
}

// Rows and classes as they are in the end, whichever reader and row file they went through.
void CountRows(const DatasetConfig& config, Dataset& dataset) {
  DatasetSummary& summary = dataset.summary;
  summary.rows = dataset.source->size();
  if (dataset.source->num_classes() == 0) return;
  summary.label_histogram = LabelHistogram(*dataset.source);
  std::erase_if(summary.warnings, [](const Status& warning) { return warning.id() == errors::kSingleClass; });
  const auto present = std::count_if(summary.label_histogram.begin(), summary.label_histogram.end(),
                                     [](std::uint64_t count) { return count > 0; });
  if (present == 1) {
    summary.warnings.push_back(
        Status(errors::kSingleClass, "dataset." + config.name + ": every row has the same label"));
  }
}

}  // namespace

Result<Dataset> LoadDataset(const DatasetConfig& config) {
  CAIRN_ASSIGN_OR_RETURN(Dataset dataset, LoadByReader(config));
  if (!config.rows_path.empty()) CAIRN_RETURN_IF_ERROR(KeepNamedRows(config.rows_path, dataset));
  CountRows(config, dataset);
  return dataset;
}

Result<std::unique_ptr<ExampleSource>> OpenDataset(const DatasetConfig& config) {
  CAIRN_ASSIGN_OR_RETURN(Dataset dataset, LoadDataset(config));
  return std::move(dataset.source);
}

Result<std::vector<std::uint32_t>> ParseRowNumbers(std::string_view text, const std::string& name,
                                                   std::uint32_t rows) {
  std::vector<std::uint32_t> numbers;
  std::vector<bool> seen(rows, false);
  std::uint32_t line = 1;
  const auto fault = [&](const std::string& what) {
    return Status(errors::kRowFile, name + ":" + std::to_string(line) + ": " + what);
  };
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (std::string_view(" \t\r\n,").find(c) != std::string_view::npos) {
      line += c == '\n' ? 1 : 0;
      ++at;
    } else {
      std::uint32_t row = 0;
      const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), row);
      if (error != std::errc()) return fault("expected a row number");
      if (row >= rows)
        return fault("row " + std::to_string(row) + " is not below " + std::to_string(rows) +
                     ", the rows there are");
      if (seen[row]) return fault("row " + std::to_string(row) + " is named twice");
      seen[row] = true;
      numbers.push_back(row);
      at = static_cast<std::size_t>(end - text.data());
    }
  }
  return numbers;
}

}  // namespace cairn
