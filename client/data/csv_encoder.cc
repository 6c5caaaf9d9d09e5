#include "client/data/csv_encoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace cairn {
namespace {

constexpr double kLargestLabel = 1 << 20;  // a label above is a slip, not a class

std::string Listed(std::span<const std::string> names) {
  constexpr std::size_t kListed = 12;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kListed; ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kListed ? text + ", …" : text;
}

std::string Number(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

// The entry equal to the text; where the text is a number, an entry of the same value will do.
std::optional<std::size_t> Find(std::span<const std::string> entries,
                                std::span<const std::optional<double>> numbers, std::string_view text) {
  const auto it = std::find(entries.begin(), entries.end(), text);
  if (it != entries.end()) return static_cast<std::size_t>(it - entries.begin());
  const std::optional<double> number = ParseNumber(text);
  if (!number) return std::nullopt;
  const auto same = std::find(numbers.begin(), numbers.end(), number);
  if (same == numbers.end()) return std::nullopt;
  return static_cast<std::size_t>(same - numbers.begin());
}

std::size_t WidthOf(const ColumnSchema& column) {
  const std::size_t indicator = column.missing == MissingPolicy::kIndicator ? 1 : 0;
  if (column.type == ColumnType::kNumeric) return 1 + indicator;
  if (column.type == ColumnType::kCategorical)
    return column.categories.size() - (column.drop_first ? 1 : 0) + indicator;
  return 0;
}

}  // namespace

Result<CsvEncoder> CsvEncoder::Create(const DataSchema& schema, const ColumnMappings& mappings,
                                      std::span<const std::string> names, const std::string& file_name) {
  CAIRN_RETURN_IF_ERROR(schema.Validate());
  for (const auto& [name, mapping] : mappings) {
    const bool known =
        std::any_of(schema.columns.begin(), schema.columns.end(),
                    [&, &key = name](const ColumnSchema& column) { return column.name == key; });
    if (!known)
      return Status(errors::kSchemaInvalid,
                    "columns." + name + " is mapped, but the schema has no such column");
    if (!std::isfinite(mapping.scale) || !std::isfinite(mapping.offset) || mapping.scale == 0) {
      return Status(errors::kSchemaInvalid,
                    "columns." + name + " needs a finite offset and a finite scale that is not 0");
    }
  }
  CsvEncoder encoder(schema, file_name, names.size());
  for (const ColumnSchema& column : schema.columns) {
    if (column.type != ColumnType::kIgnored) CAIRN_RETURN_IF_ERROR(encoder.Add(column, mappings, names));
  }
  return encoder;
}

Status CsvEncoder::Add(const ColumnSchema& column, const ColumnMappings& mappings,
                       std::span<const std::string> names) {
  Column added{.schema = column, .mapping = {}, .field = 0, .first = width_, .numbers = {}, .missing = 0};
  if (const auto it = mappings.find(column.name); it != mappings.end()) added.mapping = it->second;
  const std::string& from = added.mapping.from.empty() ? column.name : added.mapping.from;
  const auto count = std::count(names.begin(), names.end(), from);
  if (count != 1) {
    return Status(errors::kSchemaInvalid,
                  file_name_ + (count == 0 ? " has no column '" : " has more than one column '") + from +
                      "' for '" + column.name + "'; it has " + Listed(names))
        .Mend("set columns." + column.name + ".from to the file's name of it");
  }
  added.field = static_cast<std::size_t>(std::find(names.begin(), names.end(), from) - names.begin());
  const std::vector<std::string>& entries =
      column.type == ColumnType::kLabel ? schema_.label.classes : column.categories;
  std::transform(entries.begin(), entries.end(), std::back_inserter(added.numbers),
                 [](const std::string& entry) { return ParseNumber(entry); });
  width_ += WidthOf(column);
  columns_.push_back(std::move(added));
  return Status::Ok();
}

Status CsvEncoder::Fault(ErrorId id, const Column& column, const CsvField& field,
                         const std::string& what) const {
  return Status(id,
                At(file_name_, field.line, field.column) + ": column '" + column.schema.name + "': " + what);
}

Status CsvEncoder::CheckCount(const CsvRecord& record) const {
  const std::size_t count = record.fields.size();
  if (count == fields_) return Status::Ok();
  const CsvField& place = count > fields_ ? record.fields[fields_] : record.fields.back();
  return Status(errors::kCsvRagged, At(file_name_, place.line, place.column) + ": the line has " +
                                        std::to_string(count) + " fields, the table has " +
                                        std::to_string(fields_));
}

Result<bool> CsvEncoder::Encode(const CsvRecord& record, std::span<float> features, double& target) {
  CAIRN_RETURN_IF_ERROR(CheckCount(record));
  std::fill(features.begin(), features.end(), 0.0f);
  bool dropped = false;
  for (Column& column : columns_) {
    const CsvField& field = record.fields[column.field];
    const std::span<float> out = features.subspan(column.first, WidthOf(column.schema));
    std::string_view text = field.text;
    if (const auto mapped = column.mapping.map.find(std::string(text)); mapped != column.mapping.map.end()) {
      text = mapped->second;
    }
    if (IsMissing(column, text)) {
      ++column.missing;
      CAIRN_RETURN_IF_ERROR(EncodeMissing(column, field, out, dropped));
    } else {
      CAIRN_RETURN_IF_ERROR(EncodeCell(column, field, text, out, target));
    }
  }
  return !dropped;
}

bool CsvEncoder::IsMissing(const Column& column, std::string_view text) const {
  const auto marked = [&](const std::vector<std::string>& marks) {
    return std::find(marks.begin(), marks.end(), text) != marks.end();
  };
  return marked(schema_.missing_marks) || marked(column.mapping.missing);
}

Status CsvEncoder::EncodeMissing(const Column& column, const CsvField& field, std::span<float> out,
                                 bool& dropped) const {
  const ColumnSchema& schema = column.schema;
  switch (schema.missing) {
    case MissingPolicy::kRequired:
      return Fault(errors::kCsvMissing, column, field, "a value is required, got " + Shown(field.text));
    case MissingPolicy::kDropRow:
      dropped = true;
      return Status::Ok();
    case MissingPolicy::kMean:
      out[0] = std::numeric_limits<float>::quiet_NaN();
      return Status::Ok();
    case MissingPolicy::kIndicator:
      out.back() = 1.0f;
      if (schema.type == ColumnType::kNumeric) out[0] = static_cast<float>(schema.fill_value);
      return Status::Ok();
    case MissingPolicy::kConstant:
      if (schema.type == ColumnType::kCategorical)
        return EncodeCategory(column, field, schema.fill_category, out);
      out[0] = static_cast<float>(schema.fill_value);
      return Status::Ok();
  }
  return Status::Ok();
}

Status CsvEncoder::EncodeCell(const Column& column, const CsvField& field, std::string_view text,
                              std::span<float> out, double& target) {
  if (column.schema.type == ColumnType::kNumeric) return EncodeNumeric(column, field, text, out);
  if (column.schema.type == ColumnType::kCategorical) return EncodeCategory(column, field, text, out);
  if (column.schema.type == ColumnType::kPatient) {
    patient_ = text;
    return Status::Ok();
  }
  CAIRN_ASSIGN_OR_RETURN(target, EncodeLabel(column, field, text));
  return Status::Ok();
}

Status CsvEncoder::EncodeNumeric(const Column& column, const CsvField& field, std::string_view text,
                                 std::span<float> out) const {
  const std::optional<double> number = ParseNumber(text);
  const double value = number ? *number * column.mapping.scale + column.mapping.offset : 0.0;
  if (!number || !(std::fabs(value) <= std::numeric_limits<float>::max())) {
    return Fault(errors::kCsvNumber, column, field, "expected a finite number, got " + Shown(field.text));
  }
  const ColumnSchema& schema = column.schema;
  if ((schema.min && value < *schema.min) || (schema.max && value > *schema.max)) {
    return Fault(errors::kCsvRange, column, field,
                 "expected " + (schema.min ? "at least " + Number(*schema.min) : std::string()) +
                     (schema.min && schema.max ? " and " : "") +
                     (schema.max ? "at most " + Number(*schema.max) : "") +
                     (schema.unit.empty() ? "" : " " + schema.unit) + ", got " + Number(value));
  }
  out[0] = static_cast<float>(value);
  return Status::Ok();
}

Status CsvEncoder::EncodeCategory(const Column& column, const CsvField& field, std::string_view text,
                                  std::span<float> out) const {
  const std::optional<std::size_t> index = Find(column.schema.categories, column.numbers, text);
  if (!index) {
    return Fault(errors::kCsvCategory, column, field,
                 "expected one of " + Listed(column.schema.categories) + ", got " + Shown(text));
  }
  const std::size_t first = column.schema.drop_first ? 1 : 0;
  if (*index >= first) out[*index - first] = 1.0f;
  return Status::Ok();
}

Result<double> CsvEncoder::EncodeLabel(const Column& column, const CsvField& field,
                                       std::string_view text) const {
  const LabelRule& rule = schema_.label;
  if (rule.strip_trailing_dot && text.ends_with('.')) text.remove_suffix(1);
  if (!rule.classes.empty()) {
    if (const auto index = Find(rule.classes, column.numbers, text)) return static_cast<double>(*index);
    return Fault(errors::kCsvLabel, column, field,
                 "expected one of " + Listed(rule.classes) + ", got " + Shown(text));
  }
  const std::optional<double> number = ParseNumber(text);
  if (!number) return Fault(errors::kCsvLabel, column, field, "expected a number, got " + Shown(text));
  const double value = *number;
  if ((column.schema.min && value < *column.schema.min) ||
      (column.schema.max && value > *column.schema.max)) {
    return Fault(errors::kCsvLabel, column, field,
                 "the label lies outside the schema's range, got " + Shown(text));
  }
  if (rule.real) {
    if (std::fabs(value) <= std::numeric_limits<float>::max()) return value;
    return Fault(errors::kCsvLabel, column, field,
                 "the target does not fit a 32-bit float, got " + Shown(text));
  }
  if (rule.positive_above) return value > *rule.positive_above ? 1.0 : 0.0;
  const double limit = rule.num_classes > 0 ? static_cast<double>(rule.num_classes) : kLargestLabel;
  if (value < 0 || value >= limit || value != std::floor(value)) {
    return Fault(errors::kCsvLabel, column, field,
                 "expected a whole number from 0 to " + Number(limit - 1) + ", got " + Shown(text));
  }
  return value;
}

}  // namespace cairn
