#include "client/learning/zoo/zoo.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cairn {
namespace {

std::int64_t Parameters(const ModelConfig& model) {
  const auto spec = SpecOf(model);
  EXPECT_TRUE(spec.ok()) << spec.status().ToString();
  return spec.ok() ? spec->total(Role::kParameter) : -1;
}

std::vector<std::string> Names(const ModelConfig& model) {
  std::vector<std::string> names;
  const ParameterSpec spec = SpecOf(model).value();
  for (const TensorSpec& tensor : spec.tensors()) names.push_back(tensor.name);
  return names;
}

HyperValue Int(std::int64_t value) { return value; }

TEST(ZooTest, ParameterCountsAreThePublishedOnes) {
  EXPECT_EQ(Parameters({.arch = "linear", .hyper = {{"inputs", Int(13)}, {"outputs", Int(1)}}}), 14);
  EXPECT_EQ(Parameters({.arch = "linear", .hyper = {{"inputs", Int(784)}, {"outputs", Int(10)}}}), 7850);
  EXPECT_EQ(Parameters({.arch = "mcmahan-2nn", .hyper = {}}), 199210);
  EXPECT_EQ(Parameters({.arch = "mcmahan-cnn", .hyper = {}}), 1663370);
  EXPECT_EQ(Parameters({.arch = "pfl-cnn", .hyper = {}}), 1626442);
  EXPECT_EQ(Parameters({.arch = "cnn-small",
                        .hyper = {{"channels", Int(1)}, {"size", Int(28)}, {"classes", Int(10)}}}),
            44426);
  EXPECT_EQ(Parameters({.arch = "cnn-small",
                        .hyper = {{"channels", Int(3)}, {"size", Int(32)}, {"classes", Int(10)}}}),
            62006);
}

TEST(ZooTest, TensorNamesAreThoseOfTheTable) {
  EXPECT_EQ(Names({.arch = "mcmahan-2nn", .hyper = {}}),
            (std::vector<std::string>{"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight",
                                      "fc3.bias"}));
  EXPECT_EQ(Names({.arch = "mcmahan-cnn", .hyper = {}}),
            (std::vector<std::string>{"conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias",
                                      "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}));
  const ParameterSpec spec = SpecOf({.arch = "mcmahan-cnn", .hyper = {}}).value();
  EXPECT_EQ(spec.tensors()[2].shape, (Shape{64, 32, 5, 5}));
  EXPECT_EQ(spec.tensors()[4].shape, (Shape{512, 3136}));
}

TEST(ZooTest, PresetTakesOtherHyperParameters) {
  EXPECT_EQ(Parameters({.arch = "mcmahan-2nn", .hyper = {{"classes", Int(62)}}}), 199210 + 52 * 201);
}

TEST(ZooTest, UnknownNamesSuggestTheNearest) {
  const Status arch = SpecOf({.arch = "cnn-smal", .hyper = {}}).status();
  EXPECT_EQ(arch.id(), errors::kModelConfig);
  EXPECT_EQ(arch.what(), "model.arch \"cnn-smal\" is unknown; did you mean \"cnn-small\"?");
  const Status hyper =
      SpecOf({.arch = "mlp", .hyper = {{"inputs", Int(3)}, {"classes", Int(2)}, {"hiden", Int(3)}}}).status();
  EXPECT_EQ(hyper.what(), "model.hyper.hiden: \"mlp\" has no such hyper-parameter; did you mean \"hidden\"?");
}

TEST(ZooTest, ValuesOutOfRangeAreNamed) {
  EXPECT_EQ(SpecOf({.arch = "mlp", .hyper = {{"classes", Int(2)}}}).status().what(),
            "model.hyper.inputs of \"mlp\" is missing, expected an integer in [1, 1048576]");
  EXPECT_EQ(
      SpecOf({.arch = "mlp", .hyper = {{"inputs", std::string("x")}, {"classes", Int(2)}}}).status().what(),
      "model.hyper.inputs of \"mlp\" is \"x\", expected an integer in [1, 1048576]");
  EXPECT_NE(SpecOf({.arch = "mlp",
                    .hyper = {{"inputs", Int(2)}, {"classes", Int(2)}, {"activation", std::string("gelu")}}})
                .status()
                .what()
                .find("expected one of relu, tanh"),
            std::string::npos);
}

TEST(ZooTest, ImageTooSmallForItsKernelIsRefused) {
  const Status status =
      SpecOf({.arch = "cnn-small", .hyper = {{"channels", Int(1)}, {"size", Int(8)}, {"classes", Int(2)}}})
          .status();
  EXPECT_EQ(status.id(), errors::kModelConfig);
  EXPECT_EQ(status.what(), "layer \"conv2\": a 5x5 kernel does not fit an image of 2x2");
}

TEST(ZooTest, HugeModelIsRefusedBeforeItIsMade) {
  const Status status = SpecOf({.arch = "mlp",
                                .hyper = {{"inputs", Int(1 << 20)},
                                          {"hidden", std::vector<std::int64_t>{1 << 20}},
                                          {"classes", Int(2)}}})
                            .status();
  EXPECT_EQ(status.what(), "the model has more than 2^30 parameters at layer \"fc1\"");
}

}  // namespace
}  // namespace cairn
