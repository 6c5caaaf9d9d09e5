#include "client/data/csv_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Every record as its cells; an error ends the list with its text.
std::vector<std::vector<std::string>> Cells(std::string_view bytes, char separator = ',') {
  CsvRecords records(bytes, "t.csv", separator);
  CsvRecord record;
  std::vector<std::vector<std::string>> all;
  for (;;) {
    const Result<bool> more = records.Next(record);
    if (!more.ok()) {
      all.push_back({more.status().ToString()});
      if (!records.can_resume()) return all;
      continue;
    }
    if (!*more) return all;
    all.emplace_back();
    for (const CsvField& field : record.fields) all.back().emplace_back(field.text);
  }
}

TEST(CsvRecordsTest, PlainQuotedAndDoubledQuotesReadAsRfc4180) {
  EXPECT_THAT(Cells("a,\"b,c\",\"d\"\"e\"\"\"\r\n1,,\"x\ny\"\n"),
              ElementsAre(ElementsAre("a", "b,c", "d\"e\""), ElementsAre("1", "", "x\ny")));
}

TEST(CsvRecordsTest, ByteOrderMarkBlankLinesAndAMissingLastLineEndDoNotMatter) {
  EXPECT_THAT(Cells("\xEF\xBB\xBF"
                    "a;b\n\n  \r\n1;2",
                    ';'),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("1", "2")));
}

TEST(CsvRecordsTest, BlanksAroundUnquotedCellsAreCutAndQuotedOnesStay) {
  EXPECT_THAT(Cells(" a , \" b \" ,c \n"), ElementsAre(ElementsAre("a", " b ", "c")));
}

TEST(CsvRecordsTest, ATrailingSeparatorMakesAnEmptyCell) {
  EXPECT_THAT(Cells("a,b,\n,"), ElementsAre(ElementsAre("a", "b", ""), ElementsAre("", "")));
  EXPECT_THAT(Cells("a\t\t\n", '\t'), ElementsAre(ElementsAre("a", "", "")));
}

TEST(CsvRecordsTest, NulIsReportedAtItsPlaceAndReadingGoesOn) {
  const auto cells = Cells(std::string_view("a,b\n1,x\0y\n2,z\n", 14));
  ASSERT_EQ(cells.size(), 3u);
  EXPECT_THAT(cells[1][0], HasSubstr("CAIRN-4107 t.csv:2:4: a NUL byte"));
  EXPECT_THAT(cells[2], ElementsAre("2", "z"));
}

TEST(CsvRecordsTest, AnUnclosedQuoteIsReportedWhereItOpensAndEndsTheReading) {
  const auto cells = Cells("a,b\n1,\"x\n2,z\n");
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_THAT(cells[1][0], HasSubstr("t.csv:2:3: the quote opened here is not closed"));
}

TEST(CsvRecordsTest, TextAfterAClosingQuoteIsRefused) {
  EXPECT_THAT(Cells("\"a\"b,c\n")[0][0],
              HasSubstr("t.csv:1:4: a separator or the end of the line must follow"));
}

TEST(CsvRecordsTest, ALineAboveOneMebibyteIsRefusedAndTheNextOneRead) {
  const auto cells = Cells(std::string(CsvRecords::kMaxRecord + 1, 'x') + "\nok\n");
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_THAT(cells[0][0], HasSubstr("t.csv:1:1: the line is longer than 1 MiB"));
  EXPECT_THAT(cells[1], ElementsAre("ok"));
}

TEST(CsvRecordsTest, LinesAreCountedThroughQuotedLineEnds) {
  CsvRecords records("\"a\n\nb\",c\nd,e\n", "t.csv", ',');
  CsvRecord record;
  ASSERT_TRUE(*records.Next(record));
  EXPECT_EQ(record.fields[1].line, 3u);
  EXPECT_EQ(record.fields[1].column, 4u);
  ASSERT_TRUE(*records.Next(record));
  EXPECT_EQ(record.line, 4u);
  EXPECT_EQ(record.raw, "d,e\n");
}

TEST(CsvRecordsTest, SeparatorIsTheMostFrequentOutsideQuotes) {
  EXPECT_EQ(DetectSeparator("a,b\n"), ',');
  EXPECT_EQ(DetectSeparator("\n\"a,b,c\";d;e\n1,2,3,4"), ';');
  EXPECT_EQ(DetectSeparator("a\tb"), '\t');
  EXPECT_EQ(DetectSeparator("single"), ',');
}

TEST(ParseNumberTest, EveryStyleOfTheHospitalsIsANumberAndNothingElseIs) {
  EXPECT_EQ(ParseNumber("63.0"), 63.0);
  EXPECT_EQ(ParseNumber("28"), 28.0);
  EXPECT_EQ(ParseNumber(".7"), 0.7);
  EXPECT_EQ(ParseNumber(" -1.5e2 "), -150.0);
  EXPECT_EQ(ParseNumber("+4"), 4.0);
  for (const char* text : {"", " ", "nan", "inf", "-inf", "1,5", "0x10", "1 2", "1e999", "?", "+-1", "--1"}) {
    EXPECT_FALSE(ParseNumber(text).has_value()) << text;
  }
}

TEST(ShownTest, LongAndUnprintableCellsAreSafeToPrint) {
  EXPECT_EQ(Shown("a\x1b[31m"), "'a?[31m'");
  EXPECT_EQ(Shown(std::string(50, 'x')), "'" + std::string(40, 'x') + "…'");
}

}  // namespace
}  // namespace cairn
