#include "client/data/data_schema.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace cairn {
namespace {

bool FitsFloat(double value) {
  return std::fabs(value) <= std::numeric_limits<float>::max();
}  // false for NaN

Status Invalid(const std::string& what) { return Status(errors::kSchemaInvalid, what); }

Status ValidateNumeric(const ColumnSchema& column, const std::string& name) {
  if (!column.categories.empty() || column.drop_first)
    return Invalid(name + " is numeric and lists categories");
  return Status::Ok();
}

Status ValidateCategorical(const ColumnSchema& column, const std::string& name) {
  if (column.categories.empty()) return Invalid(name + " is categorical and lists no categories");
  if (std::set<std::string>(column.categories.begin(), column.categories.end()).size() !=
      column.categories.size()) {
    return Invalid(name + " lists a category twice");
  }
  if (column.drop_first && column.categories.size() < 2) return Invalid(name + " drops its only category");
  if (column.missing == MissingPolicy::kMean)
    return Invalid(name + " is categorical, so it has no mean to fill in");
  if (column.missing == MissingPolicy::kConstant &&
      std::find(column.categories.begin(), column.categories.end(), column.fill_category) ==
          column.categories.end()) {
    return Invalid(name + " fills missing values with '" + column.fill_category +
                   "', which is none of its categories");
  }
  return Status::Ok();
}

Status ValidateColumn(const ColumnSchema& column) {
  if (column.name.empty()) return Invalid("a column has no name");
  const std::string name = "column '" + column.name + "'";
  if (column.min && column.max && *column.min > *column.max)
    return Invalid(name + " has a minimum above its maximum");
  if (column.mean.has_value() != column.std.has_value())
    return Invalid(name + " gives only one of mean and std");
  for (const auto& number :
       {column.min, column.max, column.mean, column.std, std::optional<double>(column.fill_value)}) {
    if (number && !FitsFloat(*number))
      return Invalid(name + " has a setting that is not a finite 32-bit number");
  }
  if (column.std && !(*column.std > 0)) return Invalid(name + " has a std that is not positive");
  switch (column.type) {
    case ColumnType::kNumeric:
      return ValidateNumeric(column, name);
    case ColumnType::kCategorical:
      return ValidateCategorical(column, name);
    case ColumnType::kLabel:
      if (column.missing != MissingPolicy::kRequired && column.missing != MissingPolicy::kDropRow) {
        return Invalid(name + " is the label, which can be required or drop its row, but not be filled in");
      }
      return Status::Ok();
    case ColumnType::kPatient:
      if (column.missing == MissingPolicy::kRequired || column.missing == MissingPolicy::kDropRow)
        return Status::Ok();
      return Invalid(name +
                     " names the patient, which can be required or drop its row, but not be filled in");
    case ColumnType::kIgnored:
      return Status::Ok();
  }
  return Status::Ok();
}

Status ValidateLabel(const LabelRule& label) {
  const int rules = (label.real ? 1 : 0) + (label.positive_above ? 1 : 0) + (label.classes.empty() ? 0 : 1);
  if (label.positive_above && !FitsFloat(*label.positive_above))
    return Invalid("the label has a positive_above that is not finite");
  if (rules > 1) return Invalid("the label has more than one of real, positive_above and classes");
  if (label.classes.size() == 1) return Invalid("the label lists one class, and learning needs at least two");
  if (std::set<std::string>(label.classes.begin(), label.classes.end()).size() != label.classes.size()) {
    return Invalid("the label lists a class twice");
  }
  constexpr std::int64_t kMost = 1 << 20;
  if (label.num_classes < 0 || label.num_classes == 1 || label.num_classes > kMost) {
    return Invalid("the label has num_classes = " + std::to_string(label.num_classes) +
                   ", expected 2 to 1048576, or 0");
  }
  return Status::Ok();
}

}  // namespace

Status DataSchema::Validate() const {
  std::set<std::string> names;
  int labels = 0, patients = 0;
  for (const ColumnSchema& column : columns) {
    CAIRN_RETURN_IF_ERROR(ValidateColumn(column));
    if (!names.insert(column.name).second) return Invalid("column '" + column.name + "' is named twice");
    labels += column.type == ColumnType::kLabel ? 1 : 0;
    patients += column.type == ColumnType::kPatient ? 1 : 0;
  }
  if (labels != 1)
    return Invalid("the schema has " + std::to_string(labels) + " label columns, expected one");
  if (patients > 1) return Invalid("the schema has more than one patient column");
  if (FeatureNames().empty()) return Invalid("the schema has no feature");
  return ValidateLabel(label);
}

Status CheckRowsStandAlone(const DataSchema& schema) {
  if (schema.standardisation == Standardisation::kSite) {
    return Status(errors::kPrivacyTraining, "the schema standardises by the means of a site's rows")
        .Mend("set standardise = \"schema\" and give the columns a mean and std, or \"none\"");
  }
  for (const ColumnSchema& column : schema.columns) {
    if (column.type != ColumnType::kNumeric || column.missing != MissingPolicy::kMean) continue;
    return Status(errors::kPrivacyTraining,
                  "column '" + column.name + "' fills missing values with the mean of a site's rows")
        .Mend("set missing = \"constant\" with a fill for it");
  }
  return Status::Ok();
}

const ColumnSchema* DataSchema::label_column() const {
  const auto it = std::find_if(columns.begin(), columns.end(),
                               [](const ColumnSchema& column) { return column.type == ColumnType::kLabel; });
  return it == columns.end() ? nullptr : &*it;
}

std::vector<std::string> DataSchema::FeatureNames() const {
  std::vector<std::string> names;
  for (const ColumnSchema& column : columns) {
    if (column.type == ColumnType::kNumeric) names.push_back(column.name);
    if (column.type == ColumnType::kCategorical) {
      for (std::size_t i = column.drop_first ? 1 : 0; i < column.categories.size(); ++i) {
        names.push_back(column.name + "=" + column.categories[i]);
      }
    }
    const bool feature = column.type == ColumnType::kNumeric || column.type == ColumnType::kCategorical;
    if (feature && column.missing == MissingPolicy::kIndicator) names.push_back(column.name + "=missing");
  }
  return names;
}

std::int64_t DataSchema::num_classes() const {
  if (label.real) return 0;
  if (label.positive_above) return 2;
  if (!label.classes.empty()) return static_cast<std::int64_t>(label.classes.size());
  return label.num_classes;
}

}  // namespace cairn
