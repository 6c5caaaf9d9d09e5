#include "core/base/status.h"

#include <gtest/gtest.h>

#include "core/base/result.h"

namespace cairn {
namespace {

TEST(StatusTest, ErrorReadsAsWhatWhyMendAndMore) {
  const Status status =
      Status(errors::kConfigUnknownKey, "client.toml:4:1: unknown key 'polcy'").Mend("use 'policy'");
  const std::string text = FormatForHumans(status);
  EXPECT_NE(text.find("error[CAIRN-1102]: client.toml:4:1: unknown key 'polcy'\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("mend: use 'policy'"), std::string::npos) << text;
  EXPECT_NE(text.find("more: cairn explain CAIRN-1102"), std::string::npos) << text;
}

TEST(StatusTest, CopyIsIndependentOfTheOriginal) {
  Status original(errors::kInternal, "first");
  const Status copy = original;
  original = Status();
  EXPECT_EQ(copy.what(), "first");
}

TEST(ResultTest, MacroHandsTheErrorOn) {
  const auto fails = []() -> Result<int> { return Status(errors::kInternal, "no"); };
  const auto caller = [&]() -> Result<int> {
    CAIRN_ASSIGN_OR_RETURN(const int value, fails());
    return value + 1;
  };
  EXPECT_EQ(caller().status().what(), "no");
}

TEST(ErrorCatalogueTest, EveryEntryHasWhatWhyMendAndAnExitCode) {
  for (const ErrorEntry& entry : ErrorCatalogue()) {
    EXPECT_FALSE(entry.what.empty()) << entry.name;
    EXPECT_FALSE(entry.why.empty()) << entry.name;
    EXPECT_FALSE(entry.mend.empty()) << entry.name;
    EXPECT_NE(entry.exit_code, ExitCode::kOk) << entry.name;
    EXPECT_EQ(ParseErrorId(ToString(entry.id)), entry.id);
  }
}

}  // namespace
}  // namespace cairn
