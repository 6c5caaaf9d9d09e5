// `cairn model init`: the first model of a job.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/frame/command.h"
#include "cli/worker/commands_model.h"
#include "cli/worker/model_file.h"
#include "client/learning/initial_model.h"
#include "client/learning/torch/factory.h"
#include "core/runtime/files.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {
namespace {

constexpr std::uint64_t kMaxModelFile = std::uint64_t{16} << 30;
constexpr unsigned kReadableByAll = 0644;

struct InitOptions {
  std::string arch, from, job, out;
  std::vector<std::string> sets, freeze;
  std::int64_t seed = -1;
};

Result<ModelDescription> DescriptionOf(const InitOptions& options) {
  if (!options.job.empty()) {
    if (!options.arch.empty() || !options.sets.empty() || !options.freeze.empty() || !options.from.empty() ||
        options.seed >= 0) {
      return Status(errors::kUsage, "--job says everything about the model")
          .Mend("leave out the architecture, --set, --seed, --from and --freeze, or --job");
    }
    return ModelOfJob(options.job);
  }
  if (options.arch.empty()) {
    return Status(errors::kUsage, "nothing says which model")
        .Mend("name an architecture such as linear, or --job FILE");
  }
  if (!options.from.empty() && options.seed >= 0) {
    return Status(errors::kUsage, "--seed and --from exclude each other").Mend("leave out one of them");
  }
  const std::string init = options.from.empty()
                               ? "seed:" + std::to_string(std::max<std::int64_t>(options.seed, 0))
                               : "file:" + options.from;
  CAIRN_ASSIGN_OR_RETURN(ModelConfig model, ModelFromWords(options.arch, options.sets, init));
  return ModelDescription{std::move(model), options.freeze, {}, "the command line"};
}

Status InitModel(const InitOptions& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ModelDescription description, DescriptionOf(options));
  std::string start;
  if (const std::string path = InitialModelPath(description.model); !path.empty()) {
    CAIRN_ASSIGN_OR_RETURN(start, ReadFile(path, kMaxModelFile));
  }
  CAIRN_ASSIGN_OR_RETURN(const ParameterSet set,
                         InitialModel(*NewTorchTaskFactory(), description.model, description.freeze,
                                      std::as_bytes(std::span(start))));
  std::map<std::string, std::string> metadata = ModelMetadata(description.model);
  CAIRN_ASSIGN_OR_RETURN(const std::int64_t outputs, NewTorchTaskFactory()->Outputs(description.model));
  metadata[kOutputsKey] = std::to_string(outputs);
  const std::vector<std::byte> file = WriteSafetensors(set, metadata);
  CAIRN_RETURN_IF_ERROR(WriteFileAtomically(options.out, file, kReadableByAll));
  const ParameterSpec& spec = set.spec();
  const std::string digest = BlobRefOf(set.bytes()).hex();
  out.PrintLine(description.model.arch + ", " + std::to_string(spec.total(Role::kParameter)) +
                " parameters in " + std::to_string(spec.tensors().size()) + " tensors, " +
                description.model.init);
  out.PrintLine("file    " + options.out + ", " + std::to_string(file.size()) + " bytes");
  out.PrintLine("model   sha256 " + digest);
  out.Data(JsonObject()
               .Add("path", options.out)
               .Add("arch", description.model.arch)
               .Add("init", description.model.init)
               .Add("parameters", spec.total(Role::kParameter))
               .Add("exchanged_parameters", spec.exchanged(Role::kParameter))
               .Add("tensors", spec.tensors().size())
               .Add("bytes", file.size())
               .Add("sha256", BlobRefOf(file).hex())
               .Add("model_sha256", digest));
  out.Next("cairn model check " + options.out);
  return {};
}

}  // namespace

void AddModelInit(CommandSet& commands) {
  auto options = std::make_shared<InitOptions>();
  commands.Add("model init", "Makes the first model of a job and writes it as safetensors")
      .Takes({"ARCH", "linear, mlp, cnn-small, cnn-2conv, or a preset of them", &options->arch, false})
      .Has({"--set", "KEY=VALUE", "a number of the architecture, such as inputs=13", &options->sets})
      .Has({"--seed", "N", "draw the values from this seed", &options->seed})
      .Has({"--from", "FILE", "take the values from a safetensors file", &options->from})
      .Has({"--freeze", "PATTERN", "tensors never trained and never sent", &options->freeze})
      .Has({"--job", "FILE", "make the model of this job or experiment", &options->job})
      .Has({"--out", "FILE", "where the model goes", &options->out, {}, true})
      .Example("cairn model init linear --set inputs=13 --set outputs=1 --seed 42 --out first.safetensors")
      .Example("cairn model init --job cardio.toml --out first.safetensors")
      .Run([options](CommandOutput& out) { return InitModel(*options, out); });
}

}  // namespace cairn
