#include "client/learning/zoo/zoo.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "client/learning/hyper_reader.h"
#include "client/learning/linear_task.h"
#include "core/base/edit_distance.h"

namespace cairn {
namespace {

constexpr std::int64_t kMaxWidth = 1 << 20;
constexpr std::int64_t kMaxClasses = 1 << 16;
constexpr std::int64_t kMaxSide = 1024;
constexpr std::int64_t kMaxChannels = 4096;

Result<LayerStack> Mlp(const ModelConfig& model) {
  HyperReader hyper(model);
  const std::int64_t inputs = hyper.Integer("inputs", {.min = 1, .max = kMaxWidth});
  const std::vector<std::int64_t> hidden = hyper.Sizes("hidden", {200, 200}, 0, 32, kMaxWidth);
  const std::int64_t classes = hyper.Integer("classes", {.min = 1, .max = kMaxClasses});
  const std::string activation = hyper.Word("activation", "relu", {"relu", "tanh"});
  const double dropout = hyper.Fraction("dropout", 0);
  CAIRN_RETURN_IF_ERROR(hyper.Finish());
  LayerStackBuilder net({inputs});
  int number = 1;
  for (const std::int64_t width : hidden) {
    net.Dense("fc" + std::to_string(number++), width);
    net.Activation(activation == "relu" ? LayerKind::kRelu : LayerKind::kTanh).Dropout(dropout);
  }
  return net.Dense("fc" + std::to_string(number), classes).Finish();
}

// LeNet-5's descendant of the NIID benchmarks.
Result<LayerStack> CnnSmall(const ModelConfig& model) {
  HyperReader hyper(model);
  const std::int64_t channels = hyper.Integer("channels", {.min = 1, .max = kMaxChannels});
  const std::int64_t size = hyper.Integer("size", {.min = 1, .max = kMaxSide});
  const std::int64_t classes = hyper.Integer("classes", {.min = 1, .max = kMaxClasses});
  const auto conv = hyper.Sizes("conv", {6, 16}, 2, 2, kMaxChannels);
  const auto fc = hyper.Sizes("fc", {120, 84}, 2, 2, kMaxWidth);
  CAIRN_RETURN_IF_ERROR(hyper.Finish());
  LayerStackBuilder net({channels, size, size});
  net.Conv2d("conv1", conv[0], 5, 0).Activation(LayerKind::kRelu).MaxPool2();
  net.Conv2d("conv2", conv[1], 5, 0).Activation(LayerKind::kRelu).MaxPool2();
  net.Dense("fc1", fc[0]).Activation(LayerKind::kRelu);
  net.Dense("fc2", fc[1]).Activation(LayerKind::kRelu);
  return net.Dense("fc3", classes).Finish();
}

Result<LayerStack> Cnn2Conv(const ModelConfig& model) {
  HyperReader hyper(model);
  const std::int64_t channels = hyper.Integer("channels", {.min = 1, .max = kMaxChannels, .standard = 1});
  const std::int64_t size = hyper.Integer("size", {.min = 1, .max = kMaxSide, .standard = 28});
  const std::int64_t classes = hyper.Integer("classes", {.min = 1, .max = kMaxClasses, .standard = 10});
  const auto conv = hyper.Sizes("conv", {32, 64}, 2, 2, kMaxChannels);
  const std::int64_t kernel = hyper.Integer("kernel", {.min = 1, .max = 31, .standard = 5});
  const std::int64_t pad = hyper.Integer("pad", {.min = 0, .max = 15, .standard = 2});
  const bool pool_each = hyper.Word("pool", "each", {"each", "last"}) == "each";
  const std::int64_t fc = hyper.Integer("fc", {.min = 1, .max = kMaxWidth, .standard = 512});
  const double dropout_conv = hyper.Fraction("dropout_conv", 0), dropout_fc = hyper.Fraction("dropout_fc", 0);
  CAIRN_RETURN_IF_ERROR(hyper.Finish());
  LayerStackBuilder net({channels, size, size});
  net.Conv2d("conv1", conv[0], kernel, pad).Activation(LayerKind::kRelu);
  if (pool_each) net.MaxPool2();
  net.Conv2d("conv2", conv[1], kernel, pad).Activation(LayerKind::kRelu).MaxPool2().Dropout(dropout_conv);
  net.Dense("fc1", fc).Activation(LayerKind::kRelu).Dropout(dropout_fc);
  return net.Dense("fc2", classes).Finish();
}

struct Preset {
  std::string_view name, arch;
  std::vector<std::pair<std::string, HyperValue>> hyper;
};

const std::vector<Preset>& Presets() {
  static const std::vector<Preset> presets = {
      {"mcmahan-2nn", "mlp", {{"inputs", std::int64_t{784}}, {"classes", std::int64_t{10}}}},
      {"mcmahan-cnn", "cnn-2conv", {}},
      {"pfl-cnn",
       "cnn-2conv",
       {{"channels", std::int64_t{3}},
        {"size", std::int64_t{32}},
        {"kernel", std::int64_t{3}},
        {"pad", std::int64_t{0}},
        {"pool", std::string("last")},
        {"fc", std::int64_t{128}},
        {"dropout_conv", 0.25},
        {"dropout_fc", 0.5}}},
  };
  return presets;
}

struct Architecture {
  std::string_view name;
  Result<LayerStack> (*build)(const ModelConfig&);
};

constexpr Architecture kArchitectures[] = {
    {"linear", LinearStack}, {"mlp", Mlp}, {"cnn-small", CnnSmall}, {"cnn-2conv", Cnn2Conv}};

constexpr std::string_view kNames[] = {"linear",      "mlp",         "cnn-small", "cnn-2conv",
                                       "mcmahan-2nn", "mcmahan-cnn", "pfl-cnn"};

Status UnknownArch(const std::string& arch) {
  const std::vector<std::string> names(std::begin(kNames), std::end(kNames));
  const std::string near = NearestWord(arch, names);
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return Status(errors::kModelConfig, "model.arch \"" + arch.substr(0, 60) + "\" is unknown" +
                                          (near.empty() ? "" : "; did you mean \"" + near + "\"?"))
      .Mend("use one of " + all);
}

}  // namespace

std::span<const std::string_view> ZooNames() { return kNames; }

Result<LayerStack> StackOf(const ModelConfig& model) {
  ModelConfig expanded = model;
  for (const Preset& preset : Presets()) {
    if (model.arch != preset.name) continue;
    expanded.arch = preset.arch;
    expanded.hyper.insert(preset.hyper.begin(), preset.hyper.end());  // what the user set stays
  }
  for (const Architecture& architecture : kArchitectures) {
    if (expanded.arch == architecture.name) return architecture.build(expanded);
  }
  return UnknownArch(model.arch);
}

Result<ParameterSpec> SpecOf(const ModelConfig& model) {
  CAIRN_ASSIGN_OR_RETURN(const LayerStack stack, StackOf(model));
  return SpecOfStack(stack);
}

}  // namespace cairn
