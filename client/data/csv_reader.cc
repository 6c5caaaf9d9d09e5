#include "client/data/csv_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "client/data/csv_encoder.h"
#include "client/data/csv_records.h"
#include "client/data/table_source.h"

namespace cairn {
namespace {

constexpr std::uint64_t kMaxRows = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kNoGroup = std::numeric_limits<std::size_t>::max();

bool HasPatients(const DataSchema& schema) {
  return std::ranges::any_of(schema.columns,
                             [](const ColumnSchema& column) { return column.type == ColumnType::kPatient; });
}

// Collects the rows of the files.
class CsvTableBuilder {
 public:
  CsvTableBuilder(const CsvOptions& options, std::string title, bool several_files)
      : options_(options), title_(std::move(title)), several_files_(several_files) {}

  Status ReadFile(const CsvInput& file);
  Result<CsvTable> Finish();

 private:
  Status ReadRecords(CsvRecords& records);
  Status Take(const CsvRecord& record, std::uint32_t number);
  Status Tolerate(Status fault, bool can_resume);
  void CountMissing();
  void FillMeans();
  Status ApplySchemaScale();
  std::unique_ptr<ExampleSource> MakeSource();
  void NamePatients();
  void Summarise(const ExampleSource& source);

  const CsvOptions& options_;
  std::string title_;  // of all files, for messages
  bool several_files_;
  std::optional<CsvEncoder> encoder_;  // of the file being read
  std::string file_name_;
  std::size_t group_field_ = kNoGroup;
  bool group_by_file_ = false;
  std::vector<float> row_;
  std::vector<float> features_;
  std::vector<double> targets_;
  std::map<std::string, std::uint32_t> patients_;  // numbered as they first come
  std::vector<std::uint32_t> units_;               // of each row; empty without a patient column
  CsvTable table_;
};

Result<std::size_t> FindGroup(const std::string& column, const std::vector<std::string>& names,
                              const std::string& file) {
  if (column.empty()) return kNoGroup;
  const auto it = std::find(names.begin(), names.end(), column);
  if (it != names.end()) return static_cast<std::size_t>(it - names.begin());
  if (column == "file") return kNoGroup;
  return Status(errors::kSchemaInvalid, file + " has no column '" + column + "' to group by");
}

Status CsvTableBuilder::ReadFile(const CsvInput& file) {
  CAIRN_ASSIGN_OR_RETURN(OpenedCsv opened, OpenCsv(file.bytes, file.name, options_.format));
  CAIRN_ASSIGN_OR_RETURN(encoder_,
                         CsvEncoder::Create(options_.schema, options_.mappings, opened.names, file.name));
  CAIRN_ASSIGN_OR_RETURN(group_field_, FindGroup(options_.group_column, opened.names, file.name));
  group_by_file_ = group_field_ == kNoGroup && (several_files_ || !options_.group_column.empty());
  file_name_ = file.name;
  row_.resize(encoder_->width());
  CAIRN_RETURN_IF_ERROR(ReadRecords(*opened.records));
  CountMissing();
  return Status::Ok();
}

Status CsvTableBuilder::ReadRecords(CsvRecords& records) {
  CsvRecord record;
  for (std::uint32_t number = 0;; ++number) {
    Result<bool> more = records.Next(record);
    if (more.ok() && !*more) return Status::Ok();
    if (targets_.size() == kMaxRows || number == kMaxRows) {
      return Status(errors::kDatasetConfig, title_ + " has more than 2^32 - 1 rows");
    }
    Status status = more.ok() ? Take(record, number) : std::move(more).status();
    if (!status.ok()) CAIRN_RETURN_IF_ERROR(Tolerate(std::move(status), records.can_resume()));
  }
}

Status CsvTableBuilder::Take(const CsvRecord& record, std::uint32_t number) {
  double target = 0;
  CAIRN_ASSIGN_OR_RETURN(const bool kept, encoder_->Encode(record, row_, target));
  if (!kept) {
    ++table_.summary.dropped_rows;
    return Status::Ok();
  }
  features_.insert(features_.end(), row_.begin(), row_.end());
  targets_.push_back(target);
  if (HasPatients(options_.schema)) {
    const auto next = static_cast<std::uint32_t>(patients_.size());
    units_.push_back(patients_.emplace(encoder_->patient(), next).first->second);
  }
  table_.records.push_back(number);
  if (group_field_ != kNoGroup) table_.groups.emplace_back(record.fields[group_field_].text);
  if (group_by_file_) table_.groups.push_back(file_name_);
  return Status::Ok();
}

// A bad row is an error, or one more of those the site accepted to lose.
Status CsvTableBuilder::Tolerate(Status fault, bool can_resume) {
  DatasetSummary& summary = table_.summary;
  if (options_.max_bad_rows == 0 || !can_resume) return fault;
  if (++summary.bad_rows > options_.max_bad_rows) {
    const Status& first = summary.bad_row_faults.empty() ? fault : summary.bad_row_faults.front();
    return Status(errors::kCsvTooManyBad, title_ + " has more than " + std::to_string(options_.max_bad_rows) +
                                              " bad rows; the first: " + first.ToString());
  }
  if (summary.bad_row_faults.size() < DatasetSummary::kMaxFaults)
    summary.bad_row_faults.push_back(std::move(fault));
  return Status::Ok();
}

void CsvTableBuilder::CountMissing() {
  auto& missing = table_.summary.missing;
  const auto columns = encoder_->columns();
  if (missing.empty()) {
    for (const CsvEncoder::Column& column : columns) missing.emplace_back(column.schema.name, 0);
  }
  for (std::size_t i = 0; i < columns.size(); ++i) missing[i].second += columns[i].missing;
}

// Replaces NaN, which only a missing cell leaves behind, by the mean of the column's values.
void CsvTableBuilder::FillMeans() {
  const std::size_t width = encoder_->width();
  for (const CsvEncoder::Column& column : encoder_->columns()) {
    if (column.schema.missing != MissingPolicy::kMean || column.schema.type != ColumnType::kNumeric) continue;
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t at = column.first; at < features_.size(); at += width) {
      if (std::isnan(features_[at])) continue;
      sum += features_[at];
      ++count;
    }
    const double mean = count == 0 ? 0.0 : sum / static_cast<double>(count);
    if (count == 0) {
      table_.summary.warnings.push_back(Status(
          errors::kCsvMissing,
          title_ + ": column '" + column.schema.name + "' has no value at all; 0 stands in for its mean"));
    }
    for (std::size_t at = column.first; at < features_.size(); at += width) {
      if (std::isnan(features_[at])) features_[at] = static_cast<float>(mean);
    }
  }
}

Status CsvTableBuilder::ApplySchemaScale() {
  const std::size_t width = encoder_->width();
  for (const CsvEncoder::Column& column : encoder_->columns()) {
    if (column.schema.type != ColumnType::kNumeric || !column.schema.mean) continue;
    const double mean = *column.schema.mean, factor = 1.0 / *column.schema.std;
    for (std::size_t at = column.first; at < features_.size(); at += width) {
      const double scaled = (features_[at] - mean) * factor;
      if (!(std::fabs(scaled) <= std::numeric_limits<float>::max())) {
        return Status(errors::kCsvNumber,
                      title_ + ": column '" + column.schema.name +
                          "' holds a value that leaves the range of a 32-bit float when standardised");
      }
      features_[at] = static_cast<float>(scaled);
    }
  }
  return Status::Ok();
}

std::unique_ptr<ExampleSource> CsvTableBuilder::MakeSource() {
  ExampleShape shape{{static_cast<std::int64_t>(encoder_->width())}};
  if (options_.schema.label.real) {
    return TableSource::WithTargets(std::move(shape), std::move(features_),
                                    {targets_.begin(), targets_.end()});
  }
  std::vector<std::int64_t> labels(targets_.size());
  std::transform(targets_.begin(), targets_.end(), labels.begin(),
                 [](double target) { return static_cast<std::int64_t>(target); });
  std::int64_t classes = options_.schema.num_classes();
  if (classes == 0) classes = std::max<std::int64_t>(2, *std::max_element(labels.begin(), labels.end()) + 1);
  return TableSource::WithLabels(std::move(shape), std::move(features_), std::move(labels), classes);
}

void CsvTableBuilder::Summarise(const ExampleSource& source) {
  DatasetSummary& summary = table_.summary;
  summary.rows = source.size();
  summary.features = options_.schema.FeatureNames();
  if (source.num_classes() == 0) return;
  summary.label_histogram = LabelHistogram(source);
  const auto present = std::count_if(summary.label_histogram.begin(), summary.label_histogram.end(),
                                     [](std::uint64_t count) { return count > 0; });
  if (present == 1)
    summary.warnings.push_back(Status(errors::kSingleClass, title_ + ": every row has the same label"));
}

void CsvTableBuilder::NamePatients() {
  if (HasPatients(options_.schema))
    table_.source = std::make_unique<UnitSource>(std::move(table_.source), std::move(units_));
}

Result<CsvTable> CsvTableBuilder::Finish() {
  if (targets_.empty()) {
    return Status(errors::kDataEmpty,
                  title_ + " leaves no usable row: " + std::to_string(table_.summary.dropped_rows) +
                      " dropped for missing values, " + std::to_string(table_.summary.bad_rows) + " bad");
  }
  FillMeans();
  if (options_.schema.standardisation == Standardisation::kSchema) CAIRN_RETURN_IF_ERROR(ApplySchemaScale());
  table_.source = MakeSource();
  Summarise(*table_.source);
  if (options_.schema.standardisation == Standardisation::kSite) {
    std::vector<std::uint32_t> rows(table_.source->size());
    for (std::uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
    FeatureScale scale = MeasureScale(*table_.source, rows);
    table_.source = std::make_unique<ScaledSource>(std::move(table_.source), std::move(scale));
  }
  NamePatients();
  return std::move(table_);
}

}  // namespace

Result<OpenedCsv> OpenCsv(std::string_view bytes, const std::string& file_name, const CsvFormat& format) {
  OpenedCsv opened;
  CsvRecords probe(bytes, file_name, '\n');
  probe.SkipLines(format.skip_lines);
  const char separator = format.separator != 0 ? format.separator : DetectSeparator(probe.rest());
  if (std::string_view("\"\n\r").find(separator) != std::string_view::npos) {
    return Status(errors::kDatasetConfig, "the CSV separator cannot be a quote or a line end");
  }
  const auto open = [&] {
    auto records = std::make_unique<CsvRecords>(bytes, file_name, separator);
    records->SkipLines(format.skip_lines);
    return records;
  };
  opened.records = open();
  CsvRecord first;
  CAIRN_ASSIGN_OR_RETURN(const bool any, opened.records->Next(first));
  if (!any) return Status(errors::kDataEmpty, file_name + " holds no line");
  if (format.header) {
    for (const CsvField& field : first.fields) opened.names.emplace_back(field.text);
    opened.preamble = bytes.substr(0, bytes.size() - opened.records->rest().size());
    return opened;
  }
  opened.names = format.names;
  for (std::size_t i = 0; format.names.empty() && i < first.fields.size(); ++i)
    opened.names.push_back(std::to_string(i));
  opened.records = open();
  opened.preamble = bytes.substr(0, bytes.size() - opened.records->rest().size());
  return opened;
}

Result<CsvTable> ReadCsv(std::string_view bytes, const std::string& file_name, const CsvOptions& options) {
  const CsvInput file{bytes, file_name};
  return ReadCsvFiles({&file, 1}, options);
}

Result<CsvTable> ReadCsvFiles(std::span<const CsvInput> files, const CsvOptions& options) {
  if (files.empty()) return Status(errors::kDatasetConfig, "no CSV file is named");
  std::string title = files.front().name;
  if (files.size() > 1) title += " and " + std::to_string(files.size() - 1) + " more";
  CsvTableBuilder builder(options, std::move(title), files.size() > 1);
  for (const CsvInput& file : files) CAIRN_RETURN_IF_ERROR(builder.ReadFile(file));
  return builder.Finish();
}

}  // namespace cairn
