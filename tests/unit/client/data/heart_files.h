#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/data/csv_reader.h"

namespace cairn {

// The cleaning of FLamby's Fed-Heart-Disease as a schema for the four hospitals' files.
inline CsvOptions HeartOptions() {
  CsvOptions options;
  options.format.header = false;
  options.format.names = {"age",     "sex",   "cp",      "trestbps", "chol", "fbs",  "restecg",
                          "thalach", "exang", "oldpeak", "slope",    "ca",   "thal", "num"};
  const auto add = [&](const std::string& name, ColumnType type, std::vector<std::string> categories) {
    ColumnSchema column;
    column.name = name;
    column.type = type;
    column.drop_first = type == ColumnType::kCategorical;
    column.categories = std::move(categories);
    column.missing = MissingPolicy::kDropRow;
    options.schema.columns.push_back(std::move(column));
  };
  for (const char* name : {"age", "sex", "trestbps", "chol", "fbs", "thalach", "exang", "oldpeak"})
    add(name, ColumnType::kNumeric, {});
  add("cp", ColumnType::kCategorical, {"1", "2", "3", "4"});
  add("restecg", ColumnType::kCategorical, {"0", "1", "2"});
  add("num", ColumnType::kLabel, {});
  options.schema.label.positive_above = 0;
  options.schema.missing_marks = {"?"};
  return options;
}

}  // namespace cairn
