#include "cli/worker/data_choice.h"

#include <gmock/gmock.h>

#include "tests/unit/cli/worker/scratch_folder.h"

namespace cairn {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

constexpr const char* kSchema = R"(schema = 1
[[column]]
name = "x"
[[column]]
name = "y"
type = "label"
)";
constexpr const char* kExperiment = R"(schema = 1
name = "visits"
model = { arch = "linear", hyper = { inputs = 1, outputs = 1 } }
data = { dataset = "visits", schema = "schema.toml" }
train = { loss = "bce" }
[dataset.visits]
reader = "csv"
path = "visits.csv"
)";

class DataChoiceTest : public ScratchFolder {
 protected:
  DataChoice Choice(const std::string& what) const {
    DataChoice choice;
    choice.what = what;
    return choice;
  }
};

TEST_F(DataChoiceTest, CsvByPathNeedsALabelOrASchema) {
  const std::string path = File("a.csv", "x,y\n1,0\n2,1\n");
  DataChoice choice = Choice(path);
  const auto bare = ChooseDataset(choice);
  ASSERT_FALSE(bare.ok());
  EXPECT_EQ(bare.status().id(), errors::kDatasetConfig);
  EXPECT_THAT(bare.status().mend(), HasSubstr("--label"));

  choice.label = "y";
  const auto labelled = ChooseDataset(choice);
  ASSERT_TRUE(labelled.ok()) << labelled.status().ToString();
  EXPECT_EQ(labelled->reader, "csv");
  EXPECT_EQ(labelled->label_column, "y");
}

TEST_F(DataChoiceTest, SchemaByFlagIsParsedAndItsFaultsNameTheFile) {
  DataChoice choice = Choice(File("a.csv", "x,y\n1,0\n"));
  choice.schema = File("schema.toml", kSchema);
  const auto config = ChooseDataset(choice);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  ASSERT_TRUE(config->schema.has_value());
  EXPECT_EQ(config->schema->columns.size(), 2u);

  choice.schema = File("bad.toml", "schema = 1\nlabl = 3\n");
  EXPECT_THAT(ChooseDataset(choice).status().what(), HasSubstr("bad.toml:2:1"));
}

TEST_F(DataChoiceTest, ImagesAreKnownByTheirContentAndNeedLabels) {
  DataChoice choice = Choice(File("images", std::string("\0\0\x08\x01\0\0\0\x01\x05", 9)));
  const auto bare = ChooseDataset(choice);
  ASSERT_FALSE(bare.ok());
  EXPECT_THAT(bare.status().mend(), HasSubstr("--labels"));
  choice.labels = "labels";
  const auto config = ChooseDataset(choice);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->reader, "idx");
}

TEST_F(DataChoiceTest, NamesOfAFileWithoutHeaderAreSplitAtCommas) {
  DataChoice choice = Choice(File("a.csv", "1,0\n2,1\n"));
  choice.label = "y";
  choice.names = "x,y";
  const auto config = ChooseDataset(choice);
  ASSERT_TRUE(config.ok());
  EXPECT_FALSE(config->format.header);
  EXPECT_THAT(config->format.names, ElementsAre("x", "y"));
}

TEST_F(DataChoiceTest, NameOfAnExperimentBringsItsSchemaAndItsFolder) {
  File("schema.toml", kSchema);
  DataChoice choice = Choice("visits");
  choice.config = File("experiment.toml", kExperiment);
  const auto config = ChooseDataset(choice);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_THAT(config->paths, ElementsAre(Path("visits.csv")));
  EXPECT_TRUE(config->schema.has_value());
}

TEST_F(DataChoiceTest, NameOfASitesConfigurationIsReadAsItsWorkerReadsIt) {
  DataChoice choice = Choice("cardio");
  choice.config = File("client.toml", R"([site]
name = "site-a"
federation = "heartnet"
[aggregator]
address = "agg.example:8443"
[dataset.cardio]
reader = "csv"
path = "/srv/cardio.csv"
label = "y"
)");
  const auto config = ChooseDataset(choice);
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_THAT(config->paths, ElementsAre("/srv/cardio.csv"));
}

TEST_F(DataChoiceTest, UnknownNameNamesTheFileThatLacksIt) {
  File("schema.toml", kSchema);
  DataChoice choice = Choice("vists");
  choice.config = File("experiment.toml", kExperiment);
  const auto config = ChooseDataset(choice);
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.status().id(), errors::kNotFound);
  EXPECT_THAT(config.status().what(), EndsWith("experiment.toml has no table [dataset.vists]"));
}

TEST_F(DataChoiceTest, NeitherFileNorNameIsUnusable) {
  const auto config = ChooseDataset(Choice(Path("absent.csv")));
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(ExitCodeOf(config.status().id()),
            std::filesystem::exists(kSiteConfig) ? ExitCode::kState : ExitCode::kUnusable);
}

}  // namespace
}  // namespace cairn
