// One job, one seed: the simulator over either transport and with any number of workers, and real
// processes over gRPC, end with the same bytes.
#include <gtest/gtest.h>

#include "tests/integration/federation/federation.h"

namespace cairn::testing_processes {
namespace {

struct Case {
  std::string name;
  JobText job;
  std::vector<std::string> keys;
  friend void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }
};

std::vector<std::string> Blobs() { return {BlobKeys(0), BlobKeys(1), BlobKeys(2)}; }

std::vector<std::string> Digits() {
  std::vector<std::string> keys;
  for (int i = 0; i < 3; ++i) {
    keys.push_back("reader = \"made-digits\"\nseed = 2\nrows = " + std::to_string(120 + 40 * i) +
                   "\nfirst_row = " + std::to_string(1000 * i) + "\n");
  }
  return keys;
}

std::vector<Case> Cases() {
  JobText linear{.name = "linear",
                 .model = R"({ arch = "linear", hyper = { inputs = 48, outputs = 4 }, init = "seed:5" })"};
  linear.strategy = R"(name = "fedadam", rounds = 3)";
  JobText mlp{.name = "mlp-dropout"};
  mlp.model =
      R"({ arch = "mlp", hyper = { inputs = 48, hidden = [24, 16], classes = 4, dropout = 0.2 }, init = "seed:5" })";
  mlp.train =
      R"({ loss = "cross_entropy", epochs = 1, batch = 16, optimizer = { name = "adam", lr = 0.003 } })";
  JobText cnn{
      .name = "cnn",
      .model =
          R"({ arch = "cnn-small", hyper = { channels = 1, size = 28, classes = 10 }, init = "seed:5" })"};
  cnn.train =
      R"({ loss = "cross_entropy", epochs = 1, batch = 20, optimizer = { name = "sgd", lr = 0.05, momentum = 0.9 } })";
  cnn.strategy = R"(name = "fedprox", rounds = 2)";
  // Masked sums of 64 bits are the default; the other two ways are held to equal bytes as well.
  JobText plain = mlp, narrow = linear;
  plain.secagg = kPlain;
  narrow.secagg = R"({ bits = 32, clip = 8.0 })";
  return {{"LinearFedAdam", linear, Blobs()},
          {"MlpDropoutAdam", mlp, Blobs()},
          {"CnnFedProx", cnn, Digits()},
          {"PlainMlp", plain, Blobs()},
          {"NarrowLinear", narrow, Blobs()}};
}

class EqualBytesTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!HavePrograms()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn and cairn-worker";
  }
};

TEST_P(EqualBytesTest, SimulatorAndRealProcessesEndWithOneModel) {
  const Case& run = GetParam();
  const std::string expected = SimulatedModel(run.job, run.keys, "direct", 1);
  EXPECT_TRUE(SimulatedModel(run.job, run.keys, "direct", 4) == expected) << "direct, 4 workers";
  EXPECT_TRUE(SimulatedModel(run.job, run.keys, "wire", 1) == expected) << "wire, 1 worker";
  EXPECT_TRUE(SimulatedModel(run.job, run.keys, "wire", 2) == expected) << "wire, 2 workers";

  Federation federation;
  for (std::size_t i = 0; i < kSites; ++i) federation.Configure(i, run.keys[i]);
  federation.StartAll();
  federation.Submit(run.job);
  const auto job = federation.AwaitEnd();
  EXPECT_EQ(job.value("outcome", ""), "finished") << federation.Logs();
  EXPECT_TRUE(federation.FinalModel(job) == expected) << "real processes over gRPC\n" << federation.Logs();
}

// Secure aggregation costs nothing in the result.
TEST(MaskedEqualsPlainTest, OnTheExactGridTheBytesAreEqual) {
  if (!HavePrograms()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn and cairn-worker";
  JobText job;
  const std::string masked = SimulatedModel(job, Blobs(), "wire", 2);
  job.secagg = kPlain;
  EXPECT_TRUE(SimulatedModel(job, Blobs(), "wire", 2) == masked);
}

TEST_P(EqualBytesTest, AnotherSeedEndsWithAnotherModel) {
  Case run = GetParam();
  const std::string expected = SimulatedModel(run.job, run.keys, "direct", 2);
  ++run.job.seed;
  EXPECT_FALSE(SimulatedModel(run.job, run.keys, "direct", 2) == expected);
}

INSTANTIATE_TEST_SUITE_P(Jobs, EqualBytesTest, testing::ValuesIn(Cases()),
                         [](const auto& now) { return now.param.name; });

}  // namespace
}  // namespace cairn::testing_processes
