#include "core/base/text.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/base/edit_distance.h"

namespace cairn {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(TextTest, ControlsNeverReachTheTerminal) {
  EXPECT_EQ(EscapeControls("a\x1b[31m\n\tb\x7f"), "a\\x1b[31m\\n\\tb\\x7f");
  EXPECT_EQ(EscapeControls("\xc2\x9b"), "\\x9b");  // C1: CSI in one character
  EXPECT_EQ(EscapeControls("Zürich \"x\\\""), "Zürich \"x\\\"");
}

TEST(TextTest, IllFormedUtf8IsMended) {
  EXPECT_EQ(EscapeControls("\xff"), "\xEF\xBF\xBD");
  EXPECT_EQ(JsonString("\xc0\xaf"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");      // overlong
  EXPECT_EQ(JsonString("\xed\xa0\x80").find('\xed'), std::string::npos);  // surrogate
  EXPECT_EQ(JsonString("\xe2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");      // cut short
}

TEST(TextTest, JsonStringEscapesQuotesAndControls) {
  EXPECT_EQ(JsonString("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\n\\u0001\"");
  EXPECT_EQ(JsonNumber(std::numeric_limits<double>::infinity()), "null");
}

TEST(TextTest, DoublesAreShortAndKeepTheirPoint) {
  EXPECT_EQ(FormatDouble(0.1), "0.1");
  EXPECT_EQ(FormatDouble(3), "3.0");
  EXPECT_EQ(FormatDouble(1e300), "1e+300");
}

TEST(TextTest, DurationsReadAndPrint) {
  EXPECT_EQ(ParseDuration("60s"), seconds(60));
  EXPECT_EQ(ParseDuration("1.5h"), minutes(90));
  EXPECT_EQ(ParseDuration("15 min"), minutes(15));
  for (const char* bad : {"60", "-1s", "s", "", "1y", "1s ", "1e9999s", "nan s", "300000d"}) {
    EXPECT_EQ(ParseDuration(bad), std::nullopt) << bad;
  }
  for (const char* text : {"90s", "2m", "72h", "250ms", "4d", "0s", "7ns"}) {
    const auto parsed = ParseDuration(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(ParseDuration(FormatDuration(*parsed)), parsed);
  }
  EXPECT_EQ(FormatDuration(seconds(90)), "90s");
  EXPECT_EQ(FormatDuration(std::chrono::hours(72)), "3d");
}

TEST(TextTest, SizesReadAndPrint) {
  EXPECT_EQ(ParseByteSize("512"), 512u);
  EXPECT_EQ(ParseByteSize("64 kB"), 64000u);
  EXPECT_EQ(ParseByteSize("2GiB"), 2147483648u);
  EXPECT_EQ(ParseByteSize("-1"), std::nullopt);
  EXPECT_EQ(ParseByteSize("1e30TB"), std::nullopt);
  EXPECT_EQ(FormatByteSize(182500), "182 kB");
  EXPECT_EQ(FormatByteSize(4.1e6), "4.10 MB");
  EXPECT_EQ(FormatByteSize(12), "12 B");
}

TEST(TextTest, UtcTimeHasMilliseconds) {
  EXPECT_EQ(FormatUtc(std::chrono::system_clock::time_point(milliseconds(1'700'000'000'123))),
            "2023-11-14T22:13:20.123Z");
}

TEST(EditDistanceTest, CountsInsertsDeletesReplacesAndSwaps) {
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("polciy", "policy"), 1u);
  EXPECT_EQ(EditDistance("ca", "abc"), 3u);  // optimal string alignment, not full Damerau
}

TEST(EditDistanceTest, OnlySlipsAreSuggested) {
  const std::string words[] = {"run", "sweep", "show"};
  EXPECT_EQ(NearestWord("sweeep", words), "sweep");
  EXPECT_EQ(NearestWord("shwo", words), "show");
  EXPECT_EQ(NearestWord("delete", words), "");
}

}  // namespace
}  // namespace cairn
