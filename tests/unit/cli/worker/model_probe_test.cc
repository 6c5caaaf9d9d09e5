#include "cli/worker/model_probe.h"

#include <gmock/gmock.h>

#include <limits>

#include "client/learning/initial_model.h"
#include "client/learning/linear_task.h"
#include "client/learning/torch/factory.h"
#include "core/base/random.h"

namespace cairn {
namespace {

using testing::HasSubstr;

ModelDescription Describe(const std::string& arch, const std::vector<std::string>& sets) {
  auto model = ModelFromWords(arch, sets, "seed:1");
  EXPECT_TRUE(model.ok()) << model.status().ToString();
  return {std::move(*model), {}, {}, "test"};
}

std::vector<ModelCheck> Probe(const LearningTaskFactory& factory, const ModelDescription& description,
                              const ParameterSet& set) {
  const std::vector<std::byte> file = WriteSafetensors(set, {});
  const auto view = ParseSafetensors(file);
  const auto checks = ProbeModel(factory, description, *view);
  EXPECT_TRUE(checks.ok()) << checks.status().ToString();
  return *checks;
}

ParameterSet Initial(const LearningTaskFactory& factory, const ModelDescription& description) {
  auto set = InitialModel(factory, description.model, description.freeze, {});
  EXPECT_TRUE(set.ok()) << set.status().ToString();
  return std::move(*set);
}

TEST(ModelProbeTest, FreshModelsPassEveryCheck) {
  const auto torch = NewTorchTaskFactory();
  for (const ModelDescription& description :
       {Describe("linear", {"inputs=5", "outputs=1"}),
        Describe("mlp", {"inputs=5", "hidden=[8]", "classes=3"}),
        Describe("cnn-small", {"channels=1", "size=28", "classes=10"})}) {
    const auto checks = Probe(*torch, description, Initial(*torch, description));
    ASSERT_EQ(checks.size(), 3u);
    for (const ModelCheck& check : checks) EXPECT_TRUE(check.passed) << check.name << ": " << check.found;
  }
}

TEST(ModelProbeTest, FileOfAnotherNetDoesNotLoad) {
  const LinearTaskFactory factory;
  const auto checks = Probe(factory, Describe("linear", {"inputs=5", "outputs=1"}),
                            Initial(factory, Describe("linear", {"inputs=6", "outputs=1"})));
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_FALSE(checks[0].passed);
  EXPECT_THAT(checks[0].found, HasSubstr("linear.weight"));
}

TEST(ModelProbeTest, FrozenModelCannotLearn) {
  const LinearTaskFactory factory;
  ModelDescription description = Describe("linear", {"inputs=5", "outputs=1"});
  description.freeze = {"*"};
  const auto checks = Probe(factory, description, Initial(factory, description));
  ASSERT_EQ(checks.size(), 3u);
  EXPECT_TRUE(checks[1].passed);
  EXPECT_FALSE(checks[2].passed);
  EXPECT_THAT(checks[2].found, HasSubstr("frozen"));
}

TEST(ModelProbeTest, InfiniteValueDoesNotLoad) {
  const LinearTaskFactory factory;
  const ModelDescription description = Describe("linear", {"inputs=5", "outputs=1"});
  ParameterSet set = Initial(factory, description);
  set.floats()[2] = std::numeric_limits<float>::infinity();
  const auto checks = Probe(factory, description, set);
  ASSERT_EQ(checks.size(), 1u);
  EXPECT_THAT(checks[0].found, HasSubstr("CAIRN-4208"));
}

}  // namespace
}  // namespace cairn
