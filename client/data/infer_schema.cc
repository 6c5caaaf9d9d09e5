#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "client/data/csv_reader.h"
#include "client/data/csv_records.h"
#include "client/data/data_schema.h"

namespace cairn {
namespace {

constexpr std::size_t kMostClasses = 1000;

// What the cells of the label column look like.
struct LabelCells {
  std::set<std::string> texts;
  bool whole = true;  // numbers 0, 1, 2 …

  Status Add(const CsvField& field, const std::string& file, const std::string& column) {
    const std::optional<double> number = ParseNumber(field.text);
    whole = whole && number && *number >= 0 && *number < kMostClasses && *number == std::floor(*number);
    texts.emplace(field.text);
    if (texts.size() <= kMostClasses) return Status::Ok();
    return Status(errors::kSchemaInvalid, At(file, field.line, field.column) + ": the label column '" +
                                              column +
                                              "' holds more than 1000 different values, so it is no class")
        .Mend("name the column that holds the class, or write a schema with label.real = true");
  }
};

bool IsMark(std::string_view text, const std::vector<std::string>& marks) {
  return std::find(marks.begin(), marks.end(), text) != marks.end();
}

Status CheckNumeric(const CsvField& field, const std::string& file, const std::string& column) {
  if (ParseNumber(field.text)) return Status::Ok();
  return Status(errors::kSchemaInvalid, At(file, field.line, field.column) + ": column '" + column +
                                            "' is not numeric, got " + Shown(field.text))
      .Mend("write a schema that gives the column a type: categorical or ignored");
}

void AppendColumns(const std::vector<std::string>& names, std::size_t label, const std::vector<bool>& missing,
                   DataSchema& schema) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    ColumnSchema column;
    column.name = names[i];
    if (i == label) column.type = ColumnType::kLabel;
    if (i != label && missing[i]) column.missing = MissingPolicy::kMean;
    schema.columns.push_back(std::move(column));
  }
}

}  // namespace

Result<DataSchema> InferSchema(std::string_view bytes, const std::string& file_name, const CsvFormat& format,
                               const std::string& label_column) {
  CAIRN_ASSIGN_OR_RETURN(OpenedCsv opened, OpenCsv(bytes, file_name, format));
  const std::vector<std::string>& names = opened.names;
  const auto label =
      static_cast<std::size_t>(std::find(names.begin(), names.end(), label_column) - names.begin());
  if (label == names.size()) {
    return Status(errors::kSchemaInvalid,
                  file_name + " has no column '" + label_column + "' to be the label");
  }
  DataSchema schema;
  LabelCells cells;
  std::vector<bool> missing(names.size(), false);
  CsvRecord record;
  for (;;) {
    CAIRN_ASSIGN_OR_RETURN(const bool more, opened.records->Next(record));
    if (!more) break;
    if (record.fields.size() != names.size()) continue;  // the reader will say so
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (IsMark(record.fields[i].text, schema.missing_marks)) {
        missing[i] = true;
      } else if (i == label) {
        CAIRN_RETURN_IF_ERROR(cells.Add(record.fields[i], file_name, label_column));
      } else {
        CAIRN_RETURN_IF_ERROR(CheckNumeric(record.fields[i], file_name, names[i]));
      }
    }
  }
  AppendColumns(names, label, missing, schema);
  if (!cells.whole) schema.label.classes.assign(cells.texts.begin(), cells.texts.end());
  CAIRN_RETURN_IF_ERROR(schema.Validate());
  return schema;
}

}  // namespace cairn
