#pragma once

#include <string>
#include <vector>

#include "cli/worker/model_file.h"
#include "client/learning/learning_task.h"

namespace cairn {

// One thing a model must do before a job is worth starting with it.
struct ModelCheck {
  std::string name;  // "loads", "deterministic", "learns"
  bool passed = false;
  std::string found;  // what was seen, for people
};

// Loads the file into its net and tries it on rows made from a seed, which look like the net's input and
// say nothing about any real data: evaluation twice gives equal bytes, and one step on a batch lowers
// that batch's loss for some learning rate from 0.1 down to 0.00001. The first check that fails is the
// last one tried. Errors only where the description itself cannot be used (kModelConfig).
Result<std::vector<ModelCheck>> ProbeModel(const LearningTaskFactory& factory,
                                           const ModelDescription& description, const SafetensorsView& view);

}  // namespace cairn
