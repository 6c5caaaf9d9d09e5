#include "made_work.h"

#include "client/data/table_source.h"
#include "client/learning/linear_task.h"
#include "core/tensor/parameter_set.h"
#include "protocol/messages/blob_ref.h"
#include "protocol/messages/manifest.h"

namespace cairn {
namespace {

constexpr std::uint32_t kRows = 200;
constexpr std::int64_t kFeatures = 3, kClasses = 2;

std::shared_ptr<const JobManifest> MadeManifest() {
  auto manifest = std::make_shared<JobManifest>();
  manifest->id = {1};
  manifest->federation = "made";
  manifest->submitter = "tester";
  manifest->spec.name = "made";
  manifest->spec.model = {.arch = "linear", .hyper = {{"inputs", kFeatures}, {"outputs", kClasses}}};
  manifest->spec.data.dataset = "points";
  manifest->spec.train.batch = 10;
  manifest->spec.train.optimizer.lr = 0.5;
  const auto task = NewLinearTask(manifest->spec.model, {}).value();
  manifest->tensors = task->state().spec().tensors();
  manifest->initial_model = BlobRefOf(task->state().bytes());
  manifest->digest = ComputeDigest(*manifest);
  return manifest;
}

}  // namespace

WorkRequest MadeWork(RoundKind kind) {
  WorkRequest request;
  request.kind = kind;
  request.manifest = MadeManifest();
  request.round = {1};
  request.attempt = 1;
  request.client = {2};
  request.train = request.manifest->spec.train;
  ParameterSet zeros(ParameterSpec::Create(request.manifest->tensors).value());
  const BlobRef ref = BlobRefOf(zeros.bytes());
  request.model = std::make_shared<ModelVersion>(ModelVersion{ref, std::move(zeros)});
  return request;
}

Result<WorkerData> MadeData(const WorkRequest& request, const RandomSource& random) {
  RandomStream stream = random.Open({.purpose = Purpose::kTest, .client = request.client.value});
  std::vector<float> features;
  std::vector<std::int64_t> labels;
  for (std::uint32_t row = 0; row < kRows; ++row) {
    for (std::int64_t i = 0; i < kFeatures; ++i) features.push_back(stream.UniformFloat() - 0.5f);
    labels.push_back(features[features.size() - kFeatures] > 0 ? 1 : 0);
  }
  const std::shared_ptr<const ExampleSource> all =
      TableSource::WithLabels({{kFeatures}}, std::move(features), std::move(labels), kClasses);
  auto split = TrainHoldoutSplit(kRows, 0.2,
                                 random.Open({.purpose = Purpose::kHoldout, .client = request.client.value}));
  return WorkerData{std::make_shared<Subset>(all, std::move(split.train)),
                    std::make_shared<Subset>(all, std::move(split.holdout))};
}

}  // namespace cairn
