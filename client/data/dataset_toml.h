#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "client/data/dataset.h"
#include "core/base/config_reader.h"
#include "core/base/result.h"

namespace cairn {

// The keys of one [dataset.NAME] table:
//
//   reader = "csv"            path = "visits.csv" (or paths = […])    header, separator, names, skip_lines
//   columns.age = { from = "ALTER", scale = 1, offset = 0, map = { m = "1" }, missing = ["-9"] }
//   label = "num"             where the job brings no schema             max_bad_rows, group_column
//   reader = "idx"            images = "…", labels = "…", classes, mean, std
//   reader = "made-digits"    seed, rows, size, first_row               rows_file: only these rows
//
// Relative paths start at `folder`. What is wrong is noted in the reader; the caller calls Finish().
DatasetConfig ReadDatasetConfig(ConfigReader& table, const std::string& name,
                                const std::filesystem::path& folder);

// A job's schema as a file of its own:
//
//   schema = 1
//   missing_marks = ["?"]     standardise = "none" | "schema" | "site"
//   label = { positive_above = 0 }  or { classes = ["no", "yes"] }  or { num_classes = 10 }
//   [[column]]
//   name = "age"              type = "numeric" | "categorical" | "label" | "patient" | "ignored"
//   unit, min, max, categories, drop_first, missing = "refuse" | "drop" | "mean" | "constant" | "indicator",
//   fill, fill_category, mean, std
Result<DataSchema> ParseDataSchema(std::string_view toml, std::string_view name);

// A [dataset.NAME] table as stored by an agent, with the job's schema: what a worker opens.
Result<DatasetConfig> ParseDataset(std::string_view dataset_toml, const std::string& name,
                                   std::string_view schema_toml, const std::filesystem::path& folder);

}  // namespace cairn
