// Writes, for every model of the zoo, the files that check_logits.py holds against the same nets in
// PyTorch: NAME.safetensors with the weights, NAME.ENGINE.io.safetensors with inputs and logits.
//
//   golden_write_logits FOLDER
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/learning/plan_engine.h"
#include "client/learning/torch/autograd_engine.h"
#include "client/learning/zoo/zoo.h"
#include "core/tensor/safetensors.h"

namespace {

using namespace cairn;

constexpr std::size_t kRows = 16;

HyperValue Int(std::int64_t value) { return value; }

struct Golden {
  const char* name;
  ModelConfig model;
};

std::vector<Golden> Models() {
  const auto small = [](std::int64_t channels, std::int64_t size) {
    return ModelConfig{.arch = "cnn-small",
                       .hyper = {{"channels", Int(channels)}, {"size", Int(size)}, {"classes", Int(10)}}};
  };
  return {{"linear", {.arch = "linear", .hyper = {{"inputs", Int(13)}, {"outputs", Int(1)}}}},
          {"mlp-tanh",
           {.arch = "mlp",
            .hyper = {{"inputs", Int(20)}, {"classes", Int(4)}, {"activation", std::string("tanh")}}}},
          {"mcmahan-2nn", {.arch = "mcmahan-2nn", .hyper = {}}},
          {"mcmahan-cnn", {.arch = "mcmahan-cnn", .hyper = {}}},
          {"pfl-cnn", {.arch = "pfl-cnn", .hyper = {}}},
          {"cnn-small-28", small(1, 28)},
          {"cnn-small-32", small(3, 32)}};
}

bool WriteFile(const std::filesystem::path& path, const std::vector<std::byte>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return file.good();
}

Status WriteLogits(const std::filesystem::path& path, BatchEngine& engine, const LayerStack& stack) {
  CAIRN_RETURN_IF_ERROR(engine.Reserve(kRows));
  RandomStream stream = SeededRandom(9).Open({.purpose = Purpose::kMadeData});
  for (float& x : engine.features()) x = static_cast<float>(stream.Normal());
  Shape inputs = stack.input;
  inputs.insert(inputs.begin(), kRows);
  CAIRN_ASSIGN_OR_RETURN(ParameterSpec spec,
                         ParameterSpec::Create({{.name = "inputs", .shape = inputs},
                                                {.name = "logits", .shape = {kRows, stack.outputs()}}}));
  ParameterSet io(std::move(spec));
  std::copy_n(engine.features().begin(), io.tensor(0).size(), io.tensor(0).begin());
  CAIRN_RETURN_IF_ERROR(engine.ComputeLogits(kRows, io.tensor(1)));
  return WriteFile(path, WriteSafetensors(io, {})) ? Status() : Status(errors::kStorageIo, path.string());
}

Status WriteModel(const std::filesystem::path& folder, const Golden& golden) {
  CAIRN_ASSIGN_OR_RETURN(const LayerStack stack, StackOf(golden.model));
  CAIRN_ASSIGN_OR_RETURN(ParameterSpec spec, SpecOfStack(stack));
  ParameterSet state(std::move(spec));
  RandomStream stream = SeededRandom(4).Open({.purpose = Purpose::kInit});
  InitializeStack(stack, stream, state);
  const std::string name = golden.name;
  if (!WriteFile(folder / (name + ".safetensors"), WriteSafetensors(state, {}))) {
    return Status(errors::kStorageIo, folder.string());
  }
  CAIRN_ASSIGN_OR_RETURN(const auto autograd, NewAutogradEngine(stack, state));
  CAIRN_RETURN_IF_ERROR(WriteLogits(folder / (name + ".autograd.io.safetensors"), *autograd, stack));
  if (!PlanEngine::Supports(stack)) return {};
  PlanEngine plan(stack, state);
  return WriteLogits(folder / (name + ".plan.io.safetensors"), plan, stack);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: golden_write_logits FOLDER\n");
    return 2;
  }
  std::filesystem::create_directories(argv[1]);
  for (const Golden& golden : Models()) {
    const Status status = WriteModel(argv[1], golden);
    if (!status.ok()) {
      std::fprintf(stderr, "%s: %s\n", golden.name, status.ToString().c_str());
      return 1;
    }
  }
  return 0;
}
