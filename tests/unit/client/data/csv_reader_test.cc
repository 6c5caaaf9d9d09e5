#include "client/data/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ColumnSchema Numeric(std::string name) {
  ColumnSchema column;
  column.name = std::move(name);
  return column;
}
ColumnSchema Categorical(std::string name, std::vector<std::string> categories) {
  ColumnSchema column = Numeric(std::move(name));
  column.type = ColumnType::kCategorical;
  column.categories = std::move(categories);
  return column;
}
ColumnSchema Label(std::string name) {
  ColumnSchema column = Numeric(std::move(name));
  column.type = ColumnType::kLabel;
  return column;
}

// age numeric in 0…120, sex one-hot, y a class.
CsvOptions Patients() {
  CsvOptions options;
  ColumnSchema age = Numeric("age");
  age.min = 0;
  age.max = 120;
  age.unit = "years";
  options.schema.columns = {age, Categorical("sex", {"m", "w"}), Label("y")};
  return options;
}

std::vector<float> Features(const ExampleSource& source) {
  std::vector<std::uint32_t> rows(source.size());
  for (std::uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
  std::vector<float> out(rows.size() * static_cast<std::size_t>(source.feature_shape().size()));
  source.Gather(rows, out, {});
  return out;
}

std::string ErrorOf(std::string_view bytes, const CsvOptions& options) {
  const Result<CsvTable> table = ReadCsv(bytes, "visits.csv", options);
  return table.ok() ? "OK" : table.status().ToString();
}

TEST(CsvReaderTest, FeaturesComeInTheSchemasOrderWhateverTheFilesOrder) {
  const Result<CsvTable> table = ReadCsv("y,note,sex,age\n1,x,w,30\n0,y,m,40.5\n", "visits.csv", Patients());
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  EXPECT_THAT(table->summary.features, ElementsAre("age", "sex=m", "sex=w"));
  EXPECT_THAT(Features(*table->source), ElementsAre(30, 0, 1, 40.5, 1, 0));
  EXPECT_THAT(AllLabels(*table->source), ElementsAre(1, 0));
  EXPECT_EQ(table->source->num_classes(), 2);
  EXPECT_THAT(table->summary.label_histogram, ElementsAre(1u, 1u));
}

TEST(CsvReaderTest, RaggedRowNamesFileLineAndColumns) {
  EXPECT_EQ(ErrorOf("age,sex,y\n30,m,1\n31,w\n", Patients()),
            "CAIRN-4101 visits.csv:3:4: the line has 2 fields, the table has 3");
  EXPECT_EQ(ErrorOf("age,sex,y\n30,m,1,9\n", Patients()),
            "CAIRN-4101 visits.csv:2:8: the line has 4 fields, the table has 3");
}

TEST(CsvReaderTest, EachBadCellSaysWhereWhatWasExpectedAndWhatCame) {
  const CsvOptions options = Patients();
  EXPECT_EQ(ErrorOf("age,sex,y\nold,m,1\n", options),
            "CAIRN-4102 visits.csv:2:1: column 'age': expected a finite number, got 'old'");
  EXPECT_EQ(ErrorOf("age,sex,y\nnan,m,1\n", options),
            "CAIRN-4102 visits.csv:2:1: column 'age': expected a finite number, got 'nan'");
  EXPECT_EQ(ErrorOf("age,sex,y\n30,x,1\n", options),
            "CAIRN-4103 visits.csv:2:4: column 'sex': expected one of m, w, got 'x'");
  EXPECT_EQ(ErrorOf("age,sex,y\n30,m,1.5\n", options),
            "CAIRN-4104 visits.csv:2:6: column 'y': expected a whole number from 0 to 1048575, got '1.5'");
  EXPECT_EQ(ErrorOf("age,sex,y\n,m,1\n", options),
            "CAIRN-4105 visits.csv:2:1: column 'age': a value is required, got ''");
  EXPECT_EQ(ErrorOf("age,sex,y\n200,m,1\n", options),
            "CAIRN-4106 visits.csv:2:1: column 'age': expected at least 0 and at most 120 years, got 200");
}

TEST(CsvReaderTest, EmptyFilesAndTablesAreRefused) {
  EXPECT_THAT(ErrorOf("", Patients()), HasSubstr("CAIRN-4109"));
  EXPECT_THAT(ErrorOf("age,sex,y\n", Patients()), HasSubstr("CAIRN-4109 visits.csv leaves no usable row"));
}

TEST(CsvReaderTest, MaxBadRowsTurnsErrorsIntoCounts) {
  CsvOptions options = Patients();
  options.max_bad_rows = 2;
  const Result<CsvTable> table = ReadCsv("age,sex,y\nold,m,1\n30,m,0\n1\n31,w,1\n", "visits.csv", options);
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  EXPECT_EQ(table->summary.rows, 2u);
  EXPECT_EQ(table->summary.bad_rows, 2u);
  EXPECT_THAT(table->records, ElementsAre(1u, 3u));
  ASSERT_EQ(table->summary.bad_row_faults.size(), 2u);
  EXPECT_EQ(table->summary.bad_row_faults[1].id(), errors::kCsvRagged);
  options.max_bad_rows = 1;
  EXPECT_THAT(
      ErrorOf("age,sex,y\nold,m,1\n30,m,0\n1\n31,w,1\n", options),
      HasSubstr("CAIRN-4108 visits.csv has more than 1 bad rows; the first: CAIRN-4102 visits.csv:2:1"));
}

TEST(CsvReaderTest, AnUnclosedQuoteIsFatalHoweverManyBadRowsAreAllowed) {
  CsvOptions options = Patients();
  options.max_bad_rows = 100;
  EXPECT_THAT(ErrorOf("age,sex,y\n30,m,1\n\"31,w,0\n32,w,0\n", options),
              HasSubstr("CAIRN-4107 visits.csv:3:1"));
}

TEST(CsvReaderTest, MissingValuesFollowTheColumnsPolicy) {
  CsvOptions options;
  ColumnSchema a = Numeric("a"), b = Numeric("b"), c = Categorical("c", {"u", "v"}), d = Numeric("d");
  a.missing = MissingPolicy::kMean;
  b.missing = MissingPolicy::kConstant;
  b.fill_value = -1;
  c.missing = MissingPolicy::kIndicator;
  d.missing = MissingPolicy::kDropRow;
  options.schema.columns = {a, b, c, d, Label("y")};
  const Result<CsvTable> table =
      ReadCsv("a,b,c,d,y\n2,?,u,1,0\n4,NA,?,1,1\n,7,v,1,0\n9,9,u,,1\n", "t.csv", options);
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  EXPECT_THAT(table->summary.features, ElementsAre("a", "b", "c=u", "c=v", "c=missing", "d"));
  EXPECT_THAT(Features(*table->source), ElementsAre(2, -1, 1, 0, 0, 1, 4, -1, 0, 0, 1, 1, 3, 7, 0, 1, 0, 1));
  EXPECT_EQ(table->summary.dropped_rows, 1u);
  EXPECT_THAT(table->summary.missing, ElementsAre(std::pair("a", 1u), std::pair("b", 2u), std::pair("c", 1u),
                                                  std::pair("d", 1u), std::pair("y", 0u)));
}

TEST(CsvReaderTest, TheSitesMappingRenamesScalesAndTranslates) {
  CsvOptions options;
  ColumnSchema chol = Numeric("chol");
  chol.min = 80;
  options.schema.columns = {chol, Categorical("sex", {"0", "1"}), Label("y")};
  options.mappings["chol"] = {
      .from = "chol_mmol_l", .scale = 38.67, .offset = 0, .map = {}, .missing = {"-9"}};
  options.mappings["sex"] = {
      .from = "GESCHLECHT", .scale = 1, .offset = 0, .map = {{"m", "1"}, {"w", "0"}}, .missing = {}};
  const Result<CsvTable> table = ReadCsv("GESCHLECHT;chol_mmol_l;y\nm;5;1\nw;10;0\n", "t.csv", options);
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  EXPECT_THAT(Features(*table->source), ElementsAre(193.35f, 0, 1, 386.7f, 1, 0));
  EXPECT_THAT(ErrorOf("GESCHLECHT;chol_mmol_l;y\nm;-9;1\n", options), HasSubstr("CAIRN-4105"));
}

TEST(CsvReaderTest, LabelRulesReadClassesThresholdsAndRealTargets) {
  CsvOptions options;
  options.schema.columns = {Numeric("x"), Label("y")};
  options.schema.label.classes = {"<=50K", ">50K"};
  options.schema.label.strip_trailing_dot = true;
  EXPECT_THAT(AllLabels(*ReadCsv("x,y\n1, >50K.\n2,<=50K\n", "t.csv", options)->source), ElementsAre(1, 0));
  options.schema.label = {};
  options.schema.label.positive_above = 0;
  EXPECT_THAT(AllLabels(*ReadCsv("x,y\n1,4\n2,0\n", "t.csv", options)->source), ElementsAre(1, 0));
  options.schema.label = {};
  options.schema.label.real = true;
  const Result<CsvTable> real = ReadCsv("x,y\n1,4.5\n2,-1\n", "t.csv", options);
  ASSERT_TRUE(real.ok());
  EXPECT_EQ(real->source->num_classes(), 0);
  std::vector<float> targets(2);
  real->source->GatherTargets(std::vector<std::uint32_t>{1, 0}, targets);
  EXPECT_THAT(targets, ElementsAre(-1.0f, 4.5f));
}

TEST(CsvReaderTest, StandardisationUsesTheSchemasOrTheSitesNumbers) {
  CsvOptions options;
  ColumnSchema x = Numeric("x");
  x.mean = 10;
  x.std = 2;
  options.schema.columns = {x, Numeric("constant"), Label("y")};
  const std::string_view bytes = "x,constant,y\n10,5,0\n14,5,1\n12,5,1\n";
  options.schema.standardisation = Standardisation::kSchema;
  EXPECT_THAT(Features(*ReadCsv(bytes, "t.csv", options)->source), ElementsAre(0, 5, 2, 5, 1, 5));
  options.schema.standardisation = Standardisation::kSite;  // mean 12, unbiased std 2; a constant becomes 0
  const std::vector<float> site = Features(*ReadCsv(bytes, "t.csv", options)->source);
  EXPECT_THAT(site, ::testing::Pointwise(::testing::FloatNear(1e-6f), {-1.0f, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f}));
}

TEST(CsvReaderTest, AFeatureThatOverflowsWhenStandardisedIsRefused) {
  CsvOptions options;
  ColumnSchema x = Numeric("x");
  x.mean = 0;
  x.std = 1e-3;
  options.schema.columns = {x, Label("y")};
  options.schema.standardisation = Standardisation::kSchema;
  EXPECT_THAT(ErrorOf("x,y\n3e38,0\n", options),
              HasSubstr("CAIRN-4102 visits.csv: column 'x' holds a value that leaves"));
}

TEST(CsvReaderTest, ASingleClassIsAWarningAndMeanWithoutValuesToo) {
  CsvOptions options = Patients();
  options.schema.columns[0].missing = MissingPolicy::kMean;
  const Result<CsvTable> table = ReadCsv("age,sex,y\n,m,1\n,w,1\n", "visits.csv", options);
  ASSERT_TRUE(table.ok());
  ASSERT_EQ(table->summary.warnings.size(), 2u);
  EXPECT_EQ(table->summary.warnings[0].id(), errors::kCsvMissing);
  EXPECT_EQ(table->summary.warnings[1].id(), errors::kSingleClass);
}

TEST(CsvReaderTest, GroupColumnComesBackRowByRow) {
  CsvOptions options = Patients();
  options.group_column = "clinic";
  const Result<CsvTable> table = ReadCsv("clinic,age,sex,y\nA,30,m,1\nB,31,w,0\n", "visits.csv", options);
  ASSERT_TRUE(table.ok());
  EXPECT_THAT(table->groups, ElementsAre("A", "B"));
  options.group_column = "file";
  EXPECT_THAT(ReadCsv("clinic,age,sex,y\nA,30,m,1\n", "visits.csv", options)->groups,
              ElementsAre("visits.csv"));
  options.group_column = "ward";
  EXPECT_THAT(ErrorOf("clinic,age,sex,y\nA,30,m,1\n", options), HasSubstr("CAIRN-4114"));
}

TEST(CsvReaderTest, PatientColumnIsNoFeatureAndGroupsRows) {
  CsvOptions options = Patients();
  ColumnSchema patient = Numeric("mrn");
  patient.type = ColumnType::kPatient;
  options.schema.columns.insert(options.schema.columns.begin(), patient);
  options.mappings["mrn"].map["P-7b"] = "P-7";
  const Result<CsvTable> table =
      ReadCsv("mrn,age,sex,y\nP-7,30,m,1\nP-2,31,w,0\nP-7b,32,w,0\nP-7,33,m,1\n", "visits.csv", options);
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  EXPECT_EQ(table->source->feature_shape().size(), 3);
  ASSERT_TRUE(table->source->has_units());
  std::vector<std::uint32_t> units;
  for (std::uint32_t row = 0; row < 4; ++row) units.push_back(table->source->unit(row));
  EXPECT_THAT(units, ElementsAre(0, 1, 0, 0));
  EXPECT_FALSE(ReadCsv("age,sex,y\n30,m,1\n", "visits.csv", Patients())->source->has_units());
  EXPECT_THAT(ErrorOf("mrn,age,sex,y\n,30,m,1\n", options), HasSubstr("a value is required"));
  options.schema.columns.push_back(patient);
  options.schema.columns.back().name = "ssn";
  EXPECT_THAT(ErrorOf("mrn,ssn,age,sex,y\n1,1,30,m,1\n", options), HasSubstr("more than one patient column"));
}

TEST(CsvReaderTest, AMissingColumnNamesTheMendAndTheColumnsThereAre) {
  const Result<CsvTable> table = ReadCsv("alter,sex,y\n30,m,1\n", "visits.csv", Patients());
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.status().ToString(),
            "CAIRN-4114 visits.csv has no column 'age' for 'age'; it has alter, sex, y");
  EXPECT_THAT(table.status().mend(), HasSubstr("columns.age.from"));
}

TEST(CsvReaderTest, BannersAreSkippedOnlyWhenDeclared) {
  CsvOptions options = Patients();
  options.format.skip_lines = 1;
  EXPECT_EQ(ErrorOf("|1x3 Cross; validator; x\nage,sex,y\n30,m,1\n31,w,0\n", options), "OK");
}

TEST(DataSchemaTest, MeansOverASitesRowsDoNotLeaveRowsAlone) {
  DataSchema schema = Patients().schema;
  EXPECT_TRUE(CheckRowsStandAlone(schema).ok());
  schema.standardisation = Standardisation::kSite;
  EXPECT_EQ(CheckRowsStandAlone(schema).id(), errors::kPrivacyTraining);
  schema.standardisation = Standardisation::kSchema;
  EXPECT_TRUE(CheckRowsStandAlone(schema).ok());
  schema.columns[0].missing = MissingPolicy::kMean;
  EXPECT_EQ(CheckRowsStandAlone(schema).id(), errors::kPrivacyTraining);
  EXPECT_THAT(CheckRowsStandAlone(schema).what(), HasSubstr("'age'"));
}

TEST(DataSchemaTest, ContradictionsAreNamed) {
  DataSchema schema = Patients().schema;
  EXPECT_TRUE(schema.Validate().ok());
  schema.columns.push_back(Label("z"));
  EXPECT_THAT(schema.Validate().what(), HasSubstr("2 label columns"));
  schema = Patients().schema;
  schema.columns[1].missing = MissingPolicy::kMean;
  EXPECT_THAT(schema.Validate().what(), HasSubstr("'sex' is categorical, so it has no mean"));
  schema = Patients().schema;
  schema.columns[0].min = 200;
  EXPECT_THAT(schema.Validate().what(), HasSubstr("minimum above its maximum"));
  schema = Patients().schema;
  schema.columns[0].fill_value = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(schema.Validate().what(), HasSubstr("'age' has a setting that is not a finite 32-bit number"));
  schema = Patients().schema;
  schema.label.real = true;
  schema.label.positive_above = 1;
  EXPECT_THAT(schema.Validate().what(), HasSubstr("more than one of"));
}

TEST(InferSchemaTest, NumericTableWithANamedLabelNeedsNoSchema) {
  const std::string_view bytes = "a,b,kind\n1,2,no\n3,?,yes\n5,6,no\n";
  const Result<DataSchema> schema = InferSchema(bytes, "t.csv", {}, "kind");
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  CsvOptions options;
  options.schema = *schema;
  const Result<CsvTable> table = ReadCsv(bytes, "t.csv", options);
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  EXPECT_THAT(Features(*table->source), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(AllLabels(*table->source), ElementsAre(0, 1, 0));
}

TEST(InferSchemaTest, ATextColumnIsNamedWithTheWayOut) {
  const Result<DataSchema> schema = InferSchema("a,b,y\n1,x,0\n", "t.csv", {}, "y");
  ASSERT_FALSE(schema.ok());
  EXPECT_EQ(schema.status().what(), "t.csv:2:3: column 'b' is not numeric, got 'x'");
  EXPECT_THAT(InferSchema("a,y\n1,0\n", "t.csv", {}, "label").status().what(),
              HasSubstr("no column 'label'"));
}

}  // namespace
}  // namespace cairn
