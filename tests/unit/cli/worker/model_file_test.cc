#include "cli/worker/model_file.h"

#include <gmock/gmock.h>

#include "tests/unit/cli/worker/scratch_folder.h"

namespace cairn {
namespace {

using testing::HasSubstr;

std::string Bytes(const std::map<std::string, std::string>& metadata) {
  auto spec = ParameterSpec::Create({{"linear.weight", {1, 3}, Role::kParameter, Scope::kExchanged}});
  const std::vector<std::byte> file = WriteSafetensors(ParameterSet(std::move(*spec)), metadata);
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

class ModelFileTest : public ScratchFolder {
 protected:
  ModelFile Model(const std::map<std::string, std::string>& metadata) const {
    auto file = ModelFile::Read(File("model.safetensors", Bytes(metadata)));
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    return std::move(*file);
  }
};

TEST_F(ModelFileTest, WordsBecomeNumbersListsAndTexts) {
  const auto model =
      ModelFromWords("mlp", {"inputs=13", "hidden=[20, 10]", "dropout=0.5", "activation=tanh"}, "seed:4");
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  EXPECT_EQ(model->arch, "mlp");
  EXPECT_EQ(model->init, "seed:4");
  EXPECT_EQ(std::get<std::int64_t>(model->hyper.at("inputs")), 13);
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(model->hyper.at("hidden")),
            (std::vector<std::int64_t>{20, 10}));
  EXPECT_EQ(std::get<double>(model->hyper.at("dropout")), 0.5);
  EXPECT_EQ(std::get<std::string>(model->hyper.at("activation")), "tanh");
}

TEST_F(ModelFileTest, WordsWithoutAValueAreRefused) {
  for (const char* set : {"inputs", "=3", ""}) {
    const auto model = ModelFromWords("linear", {set}, "seed:0");
    ASSERT_FALSE(model.ok()) << set;
    EXPECT_EQ(ExitCodeOf(model.status().id()), ExitCode::kUsage) << model.status().ToString();
  }
}

TEST_F(ModelFileTest, MetadataReadsBackAsTheModelItWasWrittenFor) {
  const auto model =
      ModelFromWords("mlp", {"inputs=13", "hidden=[20]", "dropout=0.5", "activation=tanh"}, "seed:0");
  ASSERT_TRUE(model.ok());
  const auto described = DescribeModel(Model(ModelMetadata(*model)), "");
  ASSERT_TRUE(described.ok()) << described.status().ToString();
  EXPECT_EQ(described->model, *model);
}

TEST_F(ModelFileTest, HostileMetadataIsRefusedAndSetsNothingElse) {
  for (const char* hyper :
       {"{", "{} }\nname = \"x\"", "3", "{ a = { b = 1 } }", "\xff\xfe", "{ inputs = nan }"}) {
    const auto described = DescribeModel(Model({{"cairn.arch", "linear"}, {"cairn.hyper", hyper}}), "");
    EXPECT_FALSE(described.ok()) << hyper;
  }
  EXPECT_FALSE(DescribeModel(Model({{"cairn.arch", "../linear"}, {"cairn.hyper", "{}"}}), "").ok());
}

TEST_F(ModelFileTest, JobGoesBeforeMetadataAndARunBesideComesLast) {
  const char* job =
      "schema = 1\nname = \"j\"\nmodel = { arch = \"linear\", hyper = { inputs = 3, outputs = 1 } }\n"
      "data = { dataset = \"d\" }\n";
  const auto nothing = DescribeModel(Model({}), "");
  ASSERT_FALSE(nothing.ok());
  EXPECT_THAT(nothing.status().mend(), HasSubstr("--job"));

  const auto named =
      DescribeModel(Model({{"cairn.arch", "mlp"}, {"cairn.hyper", "{ inputs = 1 }"}}), File("job.toml", job));
  ASSERT_TRUE(named.ok()) << named.status().ToString();
  EXPECT_EQ(named->model.arch, "linear");

  File("resolved.toml", job);
  const auto beside = DescribeModel(Model({{"cairn.arch", "linear"}}), "");
  ASSERT_TRUE(beside.ok()) << beside.status().ToString();
  EXPECT_EQ(std::get<std::int64_t>(beside->model.hyper.at("inputs")), 3);
}

TEST_F(ModelFileTest, BrokenFilesNameTheirPath) {
  const auto broken = ModelFile::Read(File("broken.st", "not a model"));
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(broken.status().what(), HasSubstr("broken.st"));
  EXPECT_EQ(ExitCodeOf(broken.status().id()), ExitCode::kUnusable);
  EXPECT_EQ(ModelFile::Read(Path("absent.st")).status().id(), errors::kNotFound);
}

TEST_F(ModelFileTest, Sha256IsThatOfTheFile) {
  const std::string bytes = Bytes({});
  const auto file = ModelFile::Read(File("a.st", bytes));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->bytes(), bytes);
  EXPECT_EQ(file->sha256().size(), 64u);
}

}  // namespace
}  // namespace cairn
