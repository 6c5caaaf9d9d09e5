#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/data/csv_records.h"
#include "client/data/data_schema.h"

namespace cairn {

// Turns the cells of a record into the schema's features and target. A missing value that is filled
// with the column's mean is left NaN, since the mean is known only after the last row.
class CsvEncoder {
 public:
  // `names` are the file's columns. kSchemaInvalid when the schema or a mapping asks for one that is
  // absent or there twice.
  static Result<CsvEncoder> Create(const DataSchema& schema, const ColumnMappings& mappings,
                                   std::span<const std::string> names, const std::string& file_name);

  // Writes width() features and the target. False when a missing value drops the row. Errors name
  // file:line:column: kCsvRagged, kCsvNumber, kCsvCategory, kCsvLabel, kCsvMissing, kCsvRange.
  Result<bool> Encode(const CsvRecord& record, std::span<float> features, double& target);

  std::size_t width() const { return width_; }
  // Whose the last encoded row is, as the patient column says after its mapping; empty without one.
  const std::string& patient() const { return patient_; }
  struct Column {
    ColumnSchema schema;
    ColumnMapping mapping;
    std::size_t field = 0;                       // in the file
    std::size_t first = 0;                       // of its features
    std::vector<std::optional<double>> numbers;  // of the categories or classes, so that "1" finds "1.0"
    std::uint64_t missing = 0;
  };
  std::span<const Column> columns() const { return columns_; }  // in schema order; ignored ones left out

 private:
  CsvEncoder(const DataSchema& schema, std::string file_name, std::size_t fields)
      : schema_(schema), file_name_(std::move(file_name)), fields_(fields) {}

  Status Add(const ColumnSchema& column, const ColumnMappings& mappings, std::span<const std::string> names);
  Status CheckCount(const CsvRecord& record) const;
  bool IsMissing(const Column& column, std::string_view text) const;
  Status EncodeMissing(const Column& column, const CsvField& field, std::span<float> out,
                       bool& dropped) const;
  Status EncodeCell(const Column& column, const CsvField& field, std::string_view text, std::span<float> out,
                    double& target);
  Status EncodeNumeric(const Column& column, const CsvField& field, std::string_view text,
                       std::span<float> out) const;
  Status EncodeCategory(const Column& column, const CsvField& field, std::string_view text,
                        std::span<float> out) const;
  Result<double> EncodeLabel(const Column& column, const CsvField& field, std::string_view text) const;
  Status Fault(ErrorId id, const Column& column, const CsvField& field, const std::string& what) const;

  DataSchema schema_;
  std::string file_name_;
  std::size_t fields_;
  std::size_t width_ = 0;
  std::string patient_;
  std::vector<Column> columns_;
};

}  // namespace cairn
