#include "cli/worker/builtin_experiments.h"

namespace cairn {
namespace {

constexpr BuiltinExperiment kExperiments[] = {
    {"quickstart", "ten sites, made digits, nothing to install", R"(schema = 1
name = "quickstart"
seed = 42
model = { arch = "cnn-small", hyper = { channels = 1, size = 28, classes = 10 }, init = "seed:42" }
data = { dataset = "digits", holdout = 0.1 }
train = { loss = "cross_entropy", epochs = 1, batch = 32, optimizer = { name = "sgd", lr = 0.05, momentum = 0.9 } }
strategy = { name = "fedavg", rounds = 8 }
evaluate = { where = ["federated", "central"], metric = "accuracy", mode = "max" }
population = { clients = 10, partition = "dirichlet:0.5", min_samples = 20, test = "digits-test" }
[dataset.digits]
reader = "made-digits"
rows = 4000
[dataset.digits-test]
reader = "made-digits"
rows = 1000
first_row = 4000
)"},
    {"fashion", "ten shops, Fashion-MNIST of the Debian package dataset-fashion-mnist", R"(schema = 1
name = "fashion"
seed = 1
model = { arch = "cnn-small", hyper = { channels = 1, size = 28, classes = 10 }, init = "seed:1" }
data = { dataset = "fashion", holdout = 0.1 }
train = { loss = "cross_entropy", epochs = 1, batch = 50, optimizer = { name = "sgd", lr = 0.05, momentum = 0.9 } }
strategy = { name = "fedavg", rounds = 5 }
evaluate = { where = ["federated", "central"], metric = "accuracy", mode = "max" }
population = { clients = 10, partition = "dirichlet:0.5", test = "fashion-test" }
[dataset.fashion]
reader = "idx"
images = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
labels = "/usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz"
[dataset.fashion-test]
reader = "idx"
images = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
labels = "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz"
)"},
};

}  // namespace

std::optional<BuiltinExperiment> FindBuiltinExperiment(std::string_view name) {
  for (const BuiltinExperiment& experiment : kExperiments) {
    if (experiment.name == name) return experiment;
  }
  return std::nullopt;
}

}  // namespace cairn
