#include "client/data/dataset_toml.h"

namespace cairn {
namespace {

constexpr ConfigChoice<ColumnType> kColumnTypes[] = {{"numeric", ColumnType::kNumeric},
                                                     {"categorical", ColumnType::kCategorical},
                                                     {"label", ColumnType::kLabel},
                                                     {"ignored", ColumnType::kIgnored},
                                                     {"patient", ColumnType::kPatient}};
constexpr ConfigChoice<MissingPolicy> kMissing[] = {{"refuse", MissingPolicy::kRequired},
                                                    {"drop", MissingPolicy::kDropRow},
                                                    {"mean", MissingPolicy::kMean},
                                                    {"constant", MissingPolicy::kConstant},
                                                    {"indicator", MissingPolicy::kIndicator}};
constexpr ConfigChoice<Standardisation> kStandardisations[] = {
    {"none", Standardisation::kNone}, {"schema", Standardisation::kSchema}, {"site", Standardisation::kSite}};

std::string Resolve(const std::string& path, const std::filesystem::path& folder) {
  return path.empty() ? path
                      : (folder / path).lexically_normal().string();  // an absolute path stays as it is
}

void ReadCsvKeys(ConfigReader& table, DatasetConfig& config, const std::filesystem::path& folder) {
  std::string path, separator;
  table.Optional("path", &path, {.about = "the CSV file, plain or gzip"});
  table.Optional("paths", &config.paths, {.about = "several files of one schema"});
  if (!path.empty()) config.paths.insert(config.paths.begin(), path);
  if (config.paths.empty() && table.Has("reader")) table.Fail("path", "reader \"csv\" needs a path");
  for (std::string& entry : config.paths) entry = Resolve(entry, folder);
  table.Optional("label", &config.label_column,
                 {.about = "the label column, where the job brings no schema"});
  table.Optional("separator", &separator,
                 {.about = "one character; guessed from the first line when absent"});
  if (separator.size() > 1) table.Fail("separator", "expected one character");
  if (separator.size() == 1) config.format.separator = separator[0];
  table.Optional("header", &config.format.header, {.about = "whether the first line names the columns"});
  table.Optional("names", &config.format.names, {.about = "the columns of a file without header"});
  table.Optional("skip_lines", &config.format.skip_lines, {.about = "lines above the table"});
  table.Optional("max_bad_rows", &config.max_bad_rows,
                 {.min = 0, .about = "rows that may be left out as unreadable"});
  table.Optional("group_column", &config.group_column, {.about = "column for natural partitions"});
  ConfigReader columns = table.Table("columns");
  for (const std::string& name : columns.Keys()) {
    ConfigReader column = columns.Table(name);
    ColumnMapping mapping;
    column.Optional("from", &mapping.from, {.about = "the file's own name of the column"});
    column.Optional("scale", &mapping.scale, {.about = "unit conversion: value · scale + offset"});
    column.Optional("offset", &mapping.offset);
    column.Optional("missing", &mapping.missing, {.about = "more marks for a missing value"});
    ConfigReader map = column.Table("map");
    for (const std::string& from : map.Keys()) map.Optional(from, &mapping.map[from]);
    config.columns[name] = std::move(mapping);
  }
}

void ReadIdxKeys(ConfigReader& table, DatasetConfig& config, const std::filesystem::path& folder) {
  std::string images;
  std::vector<double> mean, std;
  table.Optional("images", &images, {.about = "the image file, plain or gzip"});
  table.Optional("labels", &config.labels_path, {.about = "the label file"});
  config.paths = {Resolve(images, folder)};
  config.labels_path = Resolve(config.labels_path, folder);
  table.Optional("classes", &config.num_classes, {.min = 0, .about = "0: the largest label + 1"});
  table.Optional("mean", &mean, {.about = "subtracted, a number a channel"});
  table.Optional("std", &std, {.about = "divided by, a number a channel"});
  config.normalisation.mean.assign(mean.begin(), mean.end());
  config.normalisation.std.assign(std.begin(), std.end());
}

void ReadMadeKeys(ConfigReader& table, DatasetConfig& config) {
  table.Optional("seed", &config.seed, {.about = "equal seeds make equal data"});
  table.Optional("rows", &config.rows, {.min = 1, .max = 10'000'000});
  table.Optional("size", &config.size, {.min = 8, .max = 256, .about = "pixels a side"});
  table.Optional("features", &config.features, {.min = 1, .max = 100'000});
  table.Optional("classes", &config.num_classes, {.min = 0, .max = 10'000});
  table.Optional("first_row", &config.first_row,
                 {.about = "where to begin, for a test set that shares no row"});
}

LabelRule ReadLabelRule(ConfigReader label) {
  LabelRule rule;
  label.Optional("real", &rule.real, {.about = "a real number (regression)"});
  label.Optional("positive_above", &rule.positive_above, {.about = "class 1 above, class 0 up to it"});
  label.Optional("classes", &rule.classes, {.about = "class i is the text classes[i]"});
  label.Optional("num_classes", &rule.num_classes, {.min = 0});
  label.Optional("strip_trailing_dot", &rule.strip_trailing_dot);
  return rule;
}

ColumnSchema ReadColumn(ConfigReader& reader) {
  ColumnSchema column;
  reader.Required("name", &column.name);
  reader.Optional("type", &column.type, kColumnTypes);
  reader.Optional("unit", &column.unit);
  reader.Optional("min", &column.min);
  reader.Optional("max", &column.max);
  reader.Optional("categories", &column.categories);
  reader.Optional("drop_first", &column.drop_first);
  reader.Optional("missing", &column.missing, kMissing);
  reader.Optional("fill", &column.fill_value);
  reader.Optional("fill_category", &column.fill_category);
  reader.Optional("mean", &column.mean);
  reader.Optional("std", &column.std);
  return column;
}

}  // namespace

DatasetConfig ReadDatasetConfig(ConfigReader& table, const std::string& name,
                                const std::filesystem::path& folder) {
  DatasetConfig config;
  config.name = name;
  table.Required("reader", &config.reader, {.choices = {"csv", "idx", "made-digits", "made-blobs"}});
  table.Optional("rows_file", &config.rows_path, {.about = "text file of row numbers: only these rows"});
  config.rows_path = Resolve(config.rows_path, folder);
  if (config.reader == "csv") ReadCsvKeys(table, config, folder);
  if (config.reader == "idx") ReadIdxKeys(table, config, folder);
  if (config.reader == "made-digits" || config.reader == "made-blobs") ReadMadeKeys(table, config);
  return config;
}

Result<DataSchema> ParseDataSchema(std::string_view toml, std::string_view name) {
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument document, ConfigDocument::Parse(toml, name));
  ConfigReader root(document);
  std::int64_t version = 1;
  root.Optional("schema", &version, {.min = 1, .max = 1});
  DataSchema schema;
  root.Optional("missing_marks", &schema.missing_marks);
  root.Optional("standardise", &schema.standardisation, kStandardisations);
  schema.label = ReadLabelRule(root.Table("label"));
  for (ConfigReader& column : root.TableList("column")) schema.columns.push_back(ReadColumn(column));
  CAIRN_RETURN_IF_ERROR(root.Finish());
  CAIRN_RETURN_IF_ERROR(schema.Validate());
  return schema;
}

Result<DatasetConfig> ParseDataset(std::string_view dataset_toml, const std::string& name,
                                   std::string_view schema_toml, const std::filesystem::path& folder) {
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument document,
                         ConfigDocument::Parse(dataset_toml, "[dataset." + name + "]"));
  ConfigReader root(document);
  DatasetConfig config = ReadDatasetConfig(root, name, folder);
  CAIRN_RETURN_IF_ERROR(root.Finish());
  if (!schema_toml.empty() && config.reader == "csv") {
    CAIRN_ASSIGN_OR_RETURN(config.schema, ParseDataSchema(schema_toml, "schema"));
  }
  return config;
}

}  // namespace cairn
