// Any bytes as a CSV file under a schema that reaches every policy: the reader answers with rows or
// with a catalogued error, and what it accepts keeps its promises.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "client/data/csv_reader.h"
#include "core/base/check.h"

namespace cairn {
namespace {

ColumnSchema Column(std::string name, ColumnType type, MissingPolicy missing) {
  ColumnSchema column;
  column.name = std::move(name);
  column.type = type;
  column.missing = missing;
  return column;
}

// The first byte of the input chooses header, separator and tolerance.
CsvOptions Options(std::uint8_t choice) {
  CsvOptions options;
  options.format.header = (choice & 1) != 0;
  options.format.names = {"a", "b", "c", "y"};
  options.format.separator = (choice & 2) != 0 ? ';' : '\0';
  options.format.skip_lines = (choice & 4) != 0 ? 1 : 0;
  options.max_bad_rows = (choice & 8) != 0 ? 1000 : 0;
  options.schema.standardisation = (choice & 16) != 0 ? Standardisation::kSite : Standardisation::kNone;
  options.schema.columns = {Column("a", ColumnType::kNumeric, MissingPolicy::kMean),
                            Column("b", ColumnType::kCategorical, MissingPolicy::kIndicator),
                            Column("c", ColumnType::kNumeric, MissingPolicy::kDropRow),
                            Column("y", ColumnType::kLabel, MissingPolicy::kRequired)};
  options.schema.columns[1].categories = {"0", "1", "x y"};
  options.group_column = (choice & 32) != 0 ? "b" : "";
  return options;
}

void CheckTable(const CsvTable& table, const CsvOptions& options) {
  const ExampleSource& source = *table.source;
  CAIRN_CHECK(source.size() > 0 && table.records.size() == source.size(),
              "a table has rows, each with its record");
  CAIRN_CHECK(table.groups.empty() == options.group_column.empty(), "groups come when asked for");
  std::vector<float> row(static_cast<std::size_t>(source.feature_shape().size()));
  for (std::uint32_t i = 0; i < source.size(); ++i) {
    std::int64_t label = -1;
    source.Gather({&i, 1}, row, {&label, 1});
    CAIRN_CHECK(label >= 0 && label < source.num_classes(), "a label is a class");
    for (const float value : row) CAIRN_CHECK(std::isfinite(value), "a feature is finite");
  }
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const CsvOptions options = Options(data[0]);
  const Result<CsvTable> table = ReadCsv(bytes, "fuzz.csv", options);
  if (table.ok()) {
    CheckTable(*table, options);
  } else {
    CAIRN_CHECK(FindError(table.status().id()) != nullptr, "every refusal is in the catalogue");
  }
  const Result<DataSchema> inferred = InferSchema(bytes, "fuzz.csv", options.format, "y");
  if (inferred.ok()) CAIRN_CHECK(inferred->Validate().ok(), "an inferred schema is valid");
  return 0;
}
