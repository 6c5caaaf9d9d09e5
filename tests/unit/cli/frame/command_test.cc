#include "cli/frame/command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cli/frame/completion.h"
#include "cli/frame/help.h"
#include "cli/frame/parse.h"

namespace cairn {
namespace {

class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    commands_.Group("job", "Jobs");
    commands_.Add("job stop", "Stops a job")
        .Takes({"ID", "job", &id_})
        .Has({"--now", "", "at once", &now_})
        .Has({"--after", "N", "rounds", &after_})
        .Has({"--share", "X", "share", &share_})
        .Has({"--grace", "TIME", "time", &grace_})
        .Has({"--set", "K=V", "override", &sets_})
        .Has({"--mode", "", "mode", &mode_, {"soft", "hard"}})
        .Run([](CommandOutput&) { return Status(); });
    commands_.Add("job ls", "Lists jobs").Run([](CommandOutput&) { return Status(); });
    commands_.Add("doctor", "Looks").Run([](CommandOutput&) { return Status(); });
    commands_.Forward(
        {"sim", "Simulator", {"run"}, [](CommandOutput&, std::vector<std::string>) { return Status(); }});
  }

  Status Parse(std::vector<std::string> words) {
    line_ = {};
    return ParseCommandLine(commands_, words, line_);
  }

  CommandSet commands_{"cairn", "Test"};
  ParsedLine line_;
  std::string id_, mode_ = "soft";
  bool now_ = false;
  std::int64_t after_ = 0;
  double share_ = 0;
  Duration grace_{0};
  std::vector<std::string> sets_;
};

TEST_F(CommandTest, FlagsAndArgumentsReachTheirFields) {
  const Status status = Parse({"job", "stop", "--now", "j-1", "--after=3", "--share", "0.5", "--grace", "15m",
                               "--set", "a=1", "--set", "b=2", "--mode", "hard"});
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(line_.command->path, "job stop");
  EXPECT_EQ(id_, "j-1");
  EXPECT_TRUE(now_);
  EXPECT_EQ(after_, 3);
  EXPECT_EQ(share_, 0.5);
  EXPECT_EQ(grace_, std::chrono::minutes(15));
  EXPECT_EQ(sets_, (std::vector<std::string>{"a=1", "b=2"}));
  EXPECT_EQ(mode_, "hard");
}

TEST_F(CommandTest, GlobalFlagsMayStandAnywhere) {
  ASSERT_TRUE(Parse({"--format", "json", "job", "-vv", "ls", "--color=never", "-q"}).ok());
  EXPECT_EQ(line_.flags.format, OutputFormat::kJson);
  EXPECT_EQ(line_.flags.verbosity, 2);
  EXPECT_EQ(line_.flags.color, ColorChoice::kNever);
  EXPECT_TRUE(line_.flags.quiet);
}

struct Refusal {
  std::vector<std::string> words;
  ErrorId id;
  std::string what, mend;
};

TEST_F(CommandTest, RefusalsNameWhatCameAndWhatWasMeant) {
  const Refusal refusals[] = {
      {{"jobs"}, errors::kUnknownCommand, "no command 'cairn jobs'", "did you mean `cairn job`?"},
      {{"job", "stpo"},
       errors::kUnknownCommand,
       "no command 'cairn job stpo'",
       "did you mean `cairn job stop`?"},
      {{"job"}, errors::kUnknownCommand, "`job` needs one more word", "see `cairn job --help`"},
      {{"job", "stop", "x", "--nwo"},
       errors::kUnknownFlag,
       "`job stop` has no flag '--nwo'",
       "did you mean `--now`?"},
      {{"job", "stop"}, errors::kUsage, "ID is missing", "see `cairn job stop --help`"},
      {{"job", "stop", "x", "y"}, errors::kUsage, "unexpected word 'y'", "see `cairn job stop --help`"},
      {{"job", "stop", "x", "--after", "3x"},
       errors::kUsage,
       "--after 3x: expected an integer",
       "see `cairn job stop --help`"},
      {{"job", "stop", "x", "--grace", "15"},
       errors::kUsage,
       "--grace 15: expected a duration such as 60s, 15m or 72h",
       "see `cairn job stop --help`"},
      {{"job", "stop", "x", "--mode", "sof"},
       errors::kUsage,
       "--mode sof: expected one of soft, hard",
       "did you mean `soft`?"},
      {{"doctor", "--format", "jsno"},
       errors::kUsage,
       "--format jsno: expected one of text, json, jsonl",
       "did you mean `json`?"},
  };
  for (const Refusal& refusal : refusals) {
    const Status status = Parse(refusal.words);
    EXPECT_EQ(status.id(), refusal.id) << status.ToString();
    EXPECT_EQ(status.what(), refusal.what);
    EXPECT_EQ(status.mend(), refusal.mend);
  }
}

TEST_F(CommandTest, FormatIsKnownEvenWhenTheWordsAreWrong) {
  EXPECT_FALSE(Parse({"jbo", "--format", "json"}).ok());
  EXPECT_EQ(line_.flags.format, OutputFormat::kJson);
}

TEST_F(CommandTest, ForwardedWordsAreNotParsedHere) {
  ASSERT_TRUE(Parse({"sim", "run", "--whatever"}).ok());
  EXPECT_EQ(line_.forwarded->word, "sim");
}

TEST_F(CommandTest, HelpListsCommandsOfAGroupAndFlagsOfACommand) {
  EXPECT_NE(HelpText(commands_, "", {}).find("job"), std::string::npos);
  EXPECT_NE(HelpText(commands_, "job", {}).find("job stop ID"), std::string::npos);
  const std::string help = HelpText(commands_, "job stop", {});
  EXPECT_NE(help.find("cairn job stop ID [flags]"), std::string::npos) << help;
  EXPECT_NE(help.find("--mode soft|hard"), std::string::npos) << help;
}

class CommandOutputTest : public testing::Test {
 protected:
  CommandOutput Output(OutputFormat format, bool quiet = false) {
    GlobalFlags flags;
    flags.format = format;
    flags.quiet = quiet;
    return CommandOutput("site ls", flags, out_, err_, {}, {});
  }
  std::ostringstream out_, err_;
};

TEST_F(CommandOutputTest, TextGoesToOutAndEverythingElseToErr) {
  CommandOutput output = Output(OutputFormat::kText);
  output.PrintLine("site-a");
  output.Note("one site");
  output.Next("cairn job submit");
  EXPECT_EQ(output.Finish({}), 0);
  EXPECT_EQ(out_.str(), "site-a\n");
  EXPECT_EQ(err_.str(), "one site\nnext:   cairn job submit\n");
}

TEST_F(CommandOutputTest, JsonIsTheEnvelope) {
  CommandOutput output = Output(OutputFormat::kJson);
  output.PrintLine("not shown");
  output.Data(JsonObject().Add("sites", 2));
  output.Next("cairn job submit");
  EXPECT_EQ(output.Finish({}), 0);
  EXPECT_EQ(out_.str(),
            "{\"schema_version\":1,\"command\":\"site "
            "ls\",\"status\":\"ok\",\"data\":{\"sites\":2},\"next\":[\"cairn job "
            "submit\"]}\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(CommandOutputTest, JsonlIsAnEnvelopeALine) {
  CommandOutput output = Output(OutputFormat::kJsonl);
  output.Item(JsonObject().Add("round", 1));
  output.Item(JsonObject().Add("round", 2));
  EXPECT_EQ(output.Finish({}), 0);
  const std::string text = out_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST_F(CommandOutputTest, ErrorDecidesTheExitCode) {
  CommandOutput output = Output(OutputFormat::kText);
  EXPECT_EQ(output.Finish(Status(errors::kNoSuchRun, "no run 'x'")), 6);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str().rfind("error[CAIRN-1007]: no run 'x'\n", 0), 0u) << err_.str();
}

}  // namespace
}  // namespace cairn
