#include "cli/worker/model_scores.h"

#include <gmock/gmock.h>

#include "client/learning/initial_model.h"
#include "client/learning/linear_task.h"
#include "tests/unit/cli/worker/scratch_folder.h"

namespace cairn {
namespace {

constexpr const char* kJob = R"(schema = 1
name = "visits"
model = { arch = "linear", hyper = { inputs = 2, outputs = 1 }, init = "seed:1" }
train = { loss = "bce" }
data = { dataset = "first", schema = "schema.toml" }
[dataset.first]
reader = "csv"
path = "first.csv"
[dataset.both]
reader = "csv"
paths = ["first.csv", "second.csv"]
)";
constexpr const char* kSchema = R"(schema = 1
[[column]]
name = "a"
[[column]]
name = "b"
[[column]]
name = "y"
type = "label"
)";

class ModelScoresTest : public ScratchFolder {
 protected:
  void SetUp() override {
    ScratchFolder::SetUp();
    File("schema.toml", kSchema);
    File("first.csv", "a,b,y\n1,2,0\n3,-1,1\n0,0.5,1\n");
    File("second.csv", "a,b,y\n-2,2,0\n1,1,1\n");
    job_ = File("job.toml", kJob);
    const auto model = ModelOfJob(job_);
    const auto set = InitialModel(factory_, model->model, {}, {});
    const std::vector<std::byte> bytes = WriteSafetensors(*set, {});
    File("model.st", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  Result<std::vector<ModelScore>> Score(const std::vector<std::string>& data) const {
    const auto file = ModelFile::Read(Path("model.st"));
    return ScoreModel(factory_, *file, job_, data);
  }

  LinearTaskFactory factory_;
  std::string job_;
};

TEST_F(ModelScoresTest, SumOfSeveralDataSetsIsThatOfTheirPooledRows) {
  const auto apart = Score({"first", Path("second.csv")});
  const auto pooled = Score({"both"});
  ASSERT_TRUE(apart.ok()) << apart.status().ToString();
  ASSERT_TRUE(pooled.ok()) << pooled.status().ToString();
  ASSERT_EQ(apart->size(), 3u);
  ASSERT_EQ(pooled->size(), 1u);
  EXPECT_EQ(apart->at(2).data, "all");
  EXPECT_EQ(apart->at(2).values.rows, 5);
  EXPECT_EQ(apart->at(2).values.log_loss, pooled->at(0).values.log_loss);
  EXPECT_EQ(apart->at(2).values.accuracy, pooled->at(0).values.accuracy);
  EXPECT_EQ(apart->at(2).values.roc_auc, pooled->at(0).values.roc_auc);
}

TEST_F(ModelScoresTest, AbsentDataIsUnusable) {
  const auto scores = Score({"thrid"});
  ASSERT_FALSE(scores.ok());
  EXPECT_EQ(scores.status().id(), errors::kDataNotFound);
}

TEST_F(ModelScoresTest, FileWithoutASchemaIsRefused) {
  job_ = File("bare.toml",
              "schema = 1\nname = \"v\"\nmodel = { arch = \"linear\", hyper = { inputs = 2, outputs = 1 } }\n"
              "train = { loss = \"bce\" }\ndata = { dataset = \"d\" }\n");
  const auto scores = Score({Path("second.csv")});
  ASSERT_FALSE(scores.ok());
  EXPECT_EQ(scores.status().id(), errors::kDatasetConfig);
}

}  // namespace
}  // namespace cairn
