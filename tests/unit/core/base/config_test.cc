#include "core/base/config.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/base/config_reader.h"

namespace cairn {
namespace {

ConfigDocument Parsed(std::string_view text) {
  Result<ConfigDocument> document = ConfigDocument::Parse(text, "client.toml");
  EXPECT_TRUE(document.ok()) << document.status().ToString();
  return document.ok() ? std::move(document).value() : ConfigDocument();
}

struct Train {
  double lr = 0.1;
  std::int64_t epochs = 1;
  std::uint32_t batch = 32;
  std::string loss = "cross_entropy";
  bool shuffle = true;
  Duration timeout = std::chrono::seconds(60);
  std::vector<std::int64_t> hidden = {64};
};

Train ReadTrain(ConfigReader& reader) {
  Train train;
  ConfigReader table = reader.Table("train");
  table.Optional("lr", &train.lr, {.min = 0, .max = 10, .above_min = true});
  table.Optional("epochs", &train.epochs, {.min = 1});
  table.Optional("batch", &train.batch);
  table.Optional("loss", &train.loss, {.choices = {"cross_entropy", "mse"}});
  table.Optional("shuffle", &train.shuffle);
  table.Optional("timeout", &train.timeout, {.min = 1});
  table.Optional("hidden", &train.hidden, {.min = 1});
  return train;
}

Status StatusOf(std::string_view text) {
  const ConfigDocument document = Parsed(text);
  ConfigReader reader(document);
  ReadTrain(reader);
  return reader.Finish();
}

TEST(ConfigTest, MistypedKeyNamesItsPlaceAndTheNearestKey) {
  const Status status = StatusOf("[train]\nlr = 0.1\n  epochz = 2\n");
  EXPECT_EQ(status.id(), errors::kConfigUnknownKey);
  EXPECT_EQ(status.what(), "client.toml:3:3: unknown key 'train.epochz'");
  EXPECT_EQ(status.mend(), "did you mean 'train.epochs'?");
}

TEST(ConfigTest, KeyInTheWrongTableIsSentToTheRightOne) {
  const Status status = StatusOf("hidden = [1]\n[train]\n");
  EXPECT_EQ(status.what(), "client.toml:1:1: unknown key 'hidden'");
  EXPECT_EQ(status.mend(), "did you mean 'train.hidden'?");
}

TEST(ConfigTest, UnknownTableIsAnUnknownKey) {
  EXPECT_EQ(StatusOf("[trian]\nlr = 0.1\n").mend(), "did you mean 'train'?");
}

struct Refusal {
  const char* text;
  const char* what;
};
class ConfigRefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(ConfigRefusalTest, NamesPlaceValueAndExpectation) {
  const Status status = StatusOf(GetParam().text);
  EXPECT_EQ(status.id(), errors::kConfigValue);
  EXPECT_EQ(status.what(), GetParam().what);
}
INSTANTIATE_TEST_SUITE_P(
    Values, ConfigRefusalTest,
    testing::Values(
        Refusal{"train.lr = \"x\"", "client.toml:1:12: train.lr is \"x\"; expected a number"},
        Refusal{"train.lr = 0", "client.toml:1:12: train.lr is 0; expected above 0 and at most 10"},
        Refusal{"train.lr = nan", "client.toml:1:12: train.lr is nan; expected a finite number"},
        Refusal{"train.epochs = 1.5", "client.toml:1:16: train.epochs is 1.5; expected an integer"},
        Refusal{"train.epochs = 0", "client.toml:1:16: train.epochs is 0; expected at least 1"},
        Refusal{"train.batch = -1",
                "client.toml:1:15: train.batch is -1; expected at least 0 and at most 4294967295"},
        Refusal{"train.shuffle = 1", "client.toml:1:17: train.shuffle is 1; expected true or false"},
        Refusal{"train.loss = \"mae\"",
                "client.toml:1:14: train.loss is \"mae\"; expected one of \"cross_entropy\", \"mse\""},
        Refusal{"train.timeout = \"60\"",
                "client.toml:1:17: train.timeout is \"60\"; expected a duration such as \"60s\", \"15m\" or "
                "\"72h\""},
        Refusal{"train.hidden = [8, \"x\"]",
                "client.toml:1:20: train.hidden is \"x\"; expected a list of integers"},
        Refusal{"train = 3", "client.toml:1:9: train is 3; expected a table"}));

TEST(ConfigTest, DateIsRefusedWithItsPlace) {
  const Result<ConfigDocument> document = ConfigDocument::Parse("a.b = 2026-11-21", "x.toml");
  EXPECT_EQ(document.status().what(), "x.toml:1:7: dates and times are not used here");
}

TEST(ConfigTest, SyntaxErrorNamesLineAndColumn) {
  const Result<ConfigDocument> document = ConfigDocument::Parse("a = 1\nb = ?\n", "x.toml");
  EXPECT_EQ(document.status().id(), errors::kConfigSyntax);
  EXPECT_EQ(document.status().what().rfind("x.toml:2:5: ", 0), 0u) << document.status().what();
}

TEST(ConfigTest, DuplicateKeyIsRefused) {
  EXPECT_EQ(ConfigDocument::Parse("a = 1\na = 2\n", "x.toml").status().id(), errors::kConfigSyntax);
}

TEST(ConfigTest, DeepNestingIsRefusedBeforeParsing) {
  std::string dotted = "a", lists(100000, '[');
  for (int i = 0; i < 50000; ++i) dotted += ".a";
  EXPECT_EQ(ConfigDocument::Parse(dotted + " = 1", "x.toml").status().id(), errors::kConfigSyntax);
  EXPECT_EQ(ConfigDocument::Parse("a = " + lists, "x.toml").status().id(), errors::kConfigSyntax);
  const std::string dots(200, '.');
  EXPECT_TRUE(
      ConfigDocument::Parse("a = \"" + dots + "\" # " + dots + "\nb = '''\n" + dots + "\n'''", "x.toml")
          .ok());
}

TEST(ConfigTest, FlagBeatsEnvironmentBeatsFileBeatsDefaultInAnyOrder) {
  const std::pair<std::string, std::string> environment[] = {{"CAIRN_TRAIN__LR", "0.3"},
                                                             {"CAIRN_TRAIN__EPOCHS", "3"}};
  ConfigDocument document = Parsed("[train]\nlr = 0.2\nepochs = 2\nbatch = 16\n");
  ASSERT_TRUE(document.ApplyFlag("train.lr=0.4").ok());
  ASSERT_TRUE(document.ApplyEnvironment(environment).ok());
  ConfigReader reader(document);
  const Train train = ReadTrain(reader);
  ASSERT_TRUE(reader.Finish().ok());
  EXPECT_EQ(train.lr, 0.4);
  EXPECT_EQ(train.epochs, 3);
  EXPECT_EQ(train.batch, 16u);
  EXPECT_EQ(train.loss, "cross_entropy");
}

TEST(ConfigTest, EveryValueKnowsItsOrigin) {
  const std::pair<std::string, std::string> environment[] = {{"CAIRN_TRAIN__EPOCHS", "3"}};
  ConfigDocument document = Parsed("[train]\nbatch = 16\n");
  ASSERT_TRUE(document.ApplyFlag("train.lr=0.4").ok());
  ASSERT_TRUE(document.ApplyEnvironment(environment).ok());
  ConfigReader reader(document);
  ReadTrain(reader);
  std::map<std::string, std::string> origins;
  for (const ConfigKey& key : reader.keys()) origins[key.path] = key.origin;
  EXPECT_EQ(origins["train.lr"], "flag --set");
  EXPECT_EQ(origins["train.epochs"], "environment CAIRN_TRAIN__EPOCHS");
  EXPECT_EQ(origins["train.batch"], "client.toml:2:9");
  EXPECT_EQ(origins["train.loss"], "default");
}

TEST(ConfigTest, FlagsAndVariablesNeedNoQuotesForStrings) {
  ConfigDocument document;
  ASSERT_TRUE(document.ApplyFlag("site.name=123").ok());
  ASSERT_TRUE(document.ApplyFlag("site.federation=heart net").ok());
  ConfigReader reader(document);
  std::string name, federation;
  ConfigReader site = reader.Table("site");
  site.Required("name", &name);
  site.Required("federation", &federation);
  ASSERT_TRUE(reader.Finish().ok());
  EXPECT_EQ(name, "123");
  EXPECT_EQ(federation, "heart net");
}

TEST(ConfigTest, VariableCannotSmuggleASecondKey) {
  const std::pair<std::string, std::string> environment[] = {
      {"CAIRN_SITE__NAME", "1\npolicy.secagg = \"plain-ok\""}};
  ConfigDocument document;
  ASSERT_TRUE(document.ApplyEnvironment(environment).ok());
  EXPECT_EQ(document.root().Find("policy"), nullptr);
}

TEST(ConfigTest, FlagOnAKeyInsideAScalarIsRefused) {
  ConfigDocument document = Parsed("net = \"x\"\n");
  EXPECT_EQ(document.ApplyFlag("net.proxy=none").id(), errors::kConfigValue);
  EXPECT_EQ(document.ApplyFlag("net").id(), errors::kUsage);
}

TEST(ConfigTest, NearerFileWinsOverTheOneFurtherAway) {
  ConfigDocument near = Parsed("[train]\nlr = 0.5\n");
  near.Underlay(Parsed("[train]\nlr = 0.6\nepochs = 9\n"));
  ConfigReader reader(near);
  const Train train = ReadTrain(reader);
  EXPECT_EQ(train.lr, 0.5);
  EXPECT_EQ(train.epochs, 9);
}

TEST(ConfigTest, MissingFileIsNotFound) {
  EXPECT_EQ(ConfigDocument::ReadFile("/nonexistent/x.toml").status().id(), errors::kNotFound);
}

TEST(ConfigReaderTest, RequiredKeyIsNamedWhenMissing) {
  const ConfigDocument document = Parsed("[site]\n");
  ConfigReader reader(document);
  std::string name;
  reader.Table("site").Required("name", &name, {.about = "as in the roster"});
  const Status status = reader.Finish();
  EXPECT_EQ(status.id(), errors::kConfigMissing);
  EXPECT_EQ(status.what(), "client.toml: 'site.name' is missing (as in the roster)");
}

TEST(ConfigReaderTest, NamedTablesAndListsOfTablesAreStrictToo) {
  const ConfigDocument document =
      Parsed("[dataset.cardio]\npath = \"a.csv\"\n[[drop]]\nclient = 3\n[[drop]]\nclint = 4\n");
  ConfigReader reader(document);
  ConfigReader datasets = reader.Table("dataset");
  std::string path;
  for (const std::string& name : datasets.Keys()) datasets.Table(name).Required("path", &path);
  std::int64_t client = 0;
  for (ConfigReader& drop : reader.TableList("drop")) drop.Optional("client", &client);
  EXPECT_EQ(path, "a.csv");
  EXPECT_EQ(reader.Finish().what(), "client.toml:6:1: unknown key 'drop[1].clint'");
}

TEST(ConfigReaderTest, CallersComplaintCarriesThePosition) {
  const ConfigDocument document = Parsed("a = 1\nb = 2\n");
  ConfigReader reader(document);
  std::int64_t a = 0, b = 0;
  reader.Optional("a", &a);
  reader.Optional("b", &b);
  reader.Fail("b", "needs a to be 3");
  EXPECT_EQ(reader.Finish().what(), "client.toml:2:5: b: needs a to be 3");
}

enum class Mode { kFull, kOff };
constexpr ConfigChoice<Mode> kModes[] = {{"full", Mode::kFull}, {"off", Mode::kOff}};

TEST(ConfigReaderTest, ChoicesAreReadByName) {
  const ConfigDocument document = Parsed("mode = \"off\"\n");
  ConfigReader reader(document);
  Mode mode = Mode::kFull;
  reader.Required("mode", &mode, kModes);
  ASSERT_TRUE(reader.Finish().ok());
  EXPECT_EQ(mode, Mode::kOff);
}

TEST(ConfigReaderTest, ResolvedTomlHoldsDefaultsAndReadsBackToItself) {
  const auto resolved = [](const ConfigDocument& document) {
    ConfigReader reader(document);
    ReadTrain(reader);
    EXPECT_TRUE(reader.Finish().ok());
    return reader.ResolvedToml();
  };
  const std::string text = resolved(Parsed("train = { timeout = \"120s\", lr = 1 }"));
  EXPECT_EQ(
      text,
      "[train]\nbatch = 32\nepochs = 1\nhidden = [64]\nloss = \"cross_entropy\"\nlr = 1.0\nshuffle = true\n"
      "timeout = \"2m\"\n");
  EXPECT_EQ(resolved(Parsed(text)), text);
}

TEST(ConfigReaderTest, OptionalWithoutDefaultStaysUnset) {
  const ConfigDocument document = Parsed("set = 2\n");
  ConfigReader reader(document);
  std::optional<std::int64_t> set, unset;
  reader.Optional("set", &set);
  reader.Optional("unset", &unset);
  ASSERT_TRUE(reader.Finish().ok());
  EXPECT_EQ(set, 2);
  EXPECT_EQ(unset, std::nullopt);
  EXPECT_EQ(reader.ResolvedToml(), "set = 2\n");
}

TEST(ConfigReaderTest, DescribeLearnsKeysWithoutADocument) {
  const auto keys = ConfigReader::Describe([](ConfigReader& reader) {
    std::string path;
    ConfigReader datasets = reader.Table("dataset");
    for (const std::string& name : datasets.Keys()) datasets.Table(name).Required("path", &path);
    ReadTrain(reader);
  });
  ASSERT_FALSE(keys.empty());
  EXPECT_EQ(keys.front().path, "dataset.*.path");
  EXPECT_TRUE(keys.front().required);
}

}  // namespace
}  // namespace cairn
