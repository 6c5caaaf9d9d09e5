#include "client/learning/initial_model.h"

#include <charconv>

#include "core/tensor/safetensors.h"

namespace cairn {
namespace {

constexpr std::string_view kSeed = "seed:", kFile = "file:";

}  // namespace

std::string InitialModelPath(const ModelConfig& model) {
  return model.init.starts_with(kFile) ? model.init.substr(kFile.size()) : std::string();
}

Result<ParameterSet> InitialModel(const LearningTaskFactory& factory, const ModelConfig& model,
                                  std::span<const std::string> freeze, std::span<const std::byte> file) {
  CAIRN_ASSIGN_OR_RETURN(const auto task, factory.Create(model, freeze));
  if (model.init.starts_with(kFile)) {
    CAIRN_ASSIGN_OR_RETURN(const SafetensorsView view, ParseSafetensors(file));
    CAIRN_RETURN_IF_ERROR(LoadSafetensors(view, task->state()));
    return task->state().Clone();
  }
  std::uint64_t seed = 0;
  const char* begin = model.init.data() + kSeed.size();
  const char* end = model.init.data() + model.init.size();
  if (!model.init.starts_with(kSeed) || std::from_chars(begin, end, seed).ptr != end || begin == end) {
    return Status(errors::kConfigValue, "model.init is '" + model.init + "'; expected seed:N or file:PATH");
  }
  CAIRN_RETURN_IF_ERROR(task->Initialize(SeededRandom(seed).Open({Purpose::kInit})));
  return task->state().Clone();
}

}  // namespace cairn
