// Four hospitals under DP-SGD, held to FLamby's published table (owkin/FLamby at edacf54, Fed-Heart-Disease,
// flamby/dp_example/results_fed_heart_disease.csv: FedAvg, 15 rounds of 100 updates, lots of 4, clip 1.1, SGD
// at 0.001; the mean over the four centres of accuracy, five seeds).
//
// What is equal is the noise of each centre and what its sums are divided by; the starting weights, which
// decide a good deal in runs this short, are other draws of the same law. That table's ε are labels: its
// noise is calibrated for 15 passes while 1,500 updates are made (30 to 188 passes), and its lots are
// shuffled ones. Beside each label stands what the updates cost by our accountant, in the dearest hospital,
// had the lots been Poisson as ours are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "client/data/byte_file.h"
#include "client/data/csv_reader.h"
#include "client/data/table_source.h"
#include "client/learning/linear_task.h"
#include "client/learning/local_round.h"
#include "client/learning/private_terms.h"
#include "privacy/accounting/calibration.h"
#include "tests/unit/client/data/heart_files.h"

namespace cairn {
namespace {

constexpr int kHospitals = 4, kRounds = 15, kSeeds = 20;
constexpr std::uint32_t kLot = 4, kUpdates = 100;
constexpr double kClip = 1.1;

struct Hospital {
  const char* name;
  std::vector<std::uint32_t> test;  // rows of the cleaned table; the rest trains
};

// FLamby's split: stratified, 66 to 34, seed 43.
const std::vector<Hospital>& Hospitals() {
  static const std::vector<Hospital> all = {
      {"cleveland", {5,   13,  16,  24,  26,  34,  40,  42,  43,  46,  47,  48,  49,  53,  55,  56,  59,  60,
                     61,  63,  64,  65,  69,  72,  76,  78,  86,  87,  88,  90,  91,  93,  95,  101, 103, 104,
                     105, 113, 116, 123, 128, 133, 134, 135, 136, 137, 151, 152, 154, 156, 157, 160, 163, 165,
                     170, 171, 179, 180, 188, 190, 192, 197, 201, 202, 203, 211, 213, 215, 216, 218, 221, 223,
                     224, 227, 228, 233, 236, 239, 243, 246, 249, 250, 256, 257, 258, 259, 260, 264, 265, 266,
                     270, 283, 284, 285, 288, 289, 290, 292, 294, 295, 296, 297, 298, 301}},
      {"hungarian", {3,   7,   16,  21,  25,  26,  27,  28,  29,  32,  34,  35,  36,  41,  47,  48,  49,  51,
                     53,  58,  60,  61,  64,  68,  73,  74,  75,  84,  85,  87,  89,  91,  95,  104, 107, 110,
                     111, 112, 117, 118, 120, 123, 127, 128, 131, 132, 136, 137, 139, 143, 145, 149, 155, 158,
                     159, 161, 164, 169, 172, 179, 182, 186, 188, 189, 190, 191, 193, 194, 196, 199, 202, 203,
                     204, 206, 213, 219, 223, 224, 234, 236, 239, 243, 248, 250, 251, 252, 254, 258, 259}},
      {"switzerland", {5, 6, 7, 8, 13, 14, 18, 19, 20, 22, 24, 28, 29, 32, 40, 41}},
      {"va",
       {1,  5,  6,  9,  12, 26, 29, 33, 35, 36, 38, 39,  41,  42,  45,  47,  54,  60,  61,  62,  64,  66, 67,
        68, 73, 75, 76, 78, 79, 85, 88, 92, 97, 98, 110, 111, 112, 114, 117, 118, 119, 121, 125, 127, 128}}};
  return all;
}

struct Site {
  std::shared_ptr<const ExampleSource> train, test;
};

class PrivateHeartsTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("CAIRN_TEST_DATA");
    const std::string folder = data == nullptr ? "" : std::string(data) + "/heart-disease/";
    if (folder.empty() || !std::filesystem::exists(folder)) GTEST_SKIP() << "no heart-disease data here";
    for (const Hospital& hospital : Hospitals()) {
      const std::string path = folder + "processed." + hospital.name + ".data";
      Result<CsvTable> table = ReadCsv(ReadDataFile(path).value(), path, HeartOptions());
      ASSERT_TRUE(table.ok()) << table.status().ToString();
      sites_.push_back(Divide(std::move(table->source), hospital.test));
    }
    ASSERT_EQ(
        sites_[0].train->size() + sites_[1].train->size() + sites_[2].train->size() + sites_[3].train->size(),
        486u);
  }

  static Site Divide(std::shared_ptr<const ExampleSource> table, const std::vector<std::uint32_t>& test) {
    std::vector<std::uint32_t> train;
    for (std::uint32_t row = 0; row < table->size(); ++row)
      if (!std::ranges::binary_search(test, row)) train.push_back(row);
    const FeatureScale scale = MeasureScale(*table, train);
    auto scaled = std::make_shared<ScaledSource>(std::move(table), scale);
    return {std::make_shared<Subset>(scaled, std::move(train)), std::make_shared<Subset>(scaled, test)};
  }

  // Lots a pass, as a loader of batches counts them.
  std::uint64_t Lots(int site) const { return (sites_[site].train->size() + kLot - 1) / kLot; }

  // Theirs divides by the mean rows of a lot, cut down to a whole number: 3, 4, 3 and 3.
  std::uint32_t Denominator(int site) const {
    return static_cast<std::uint32_t>(sites_[site].train->size() / Lots(site));
  }

  PrivacyEvent::Terms Terms(int site, double sigma, std::uint64_t steps) const {
    PrivacyEvent::Terms terms;
    terms.mechanism = GaussianNoise{sigma, SamplingLaw::kPoisson, 1.0 / static_cast<double>(Lots(site))};
    terms.convention = {PrivacyUnit::kRow, Adjacency::kAddOrRemove};
    terms.steps = steps;
    return terms;
  }

  // What the label stands for: enough noise for 15 passes.
  double SigmaOf(int site, double label, double delta) const {
    const EpsilonDelta target{label, Delta::Create(delta).value()};
    return CalibrateNoise(AccountantKind::kRdp, Terms(site, 1, kRounds * Lots(site)), target)
        .value()
        .noise_multiplier;
  }

  double SpentBy(int site, double sigma, double delta) const {
    const PrivacyEvent event = PrivacyEvent::Create(Terms(site, sigma, kRounds * kUpdates)).value();
    const auto account = NewAccountant(AccountantKind::kPld, event.convention());
    EXPECT_TRUE(account->Compose(event).ok());
    return account->EpsilonFor(Delta::Create(delta).value()).epsilon;
  }

  // One federation; the mean over the hospitals of accuracy on their own test rows.
  double Accuracy(const std::vector<double>& sigmas, std::uint64_t seed) const {
    const ModelConfig config{.arch = "linear", .hyper = {{"inputs", 13}, {"outputs", 1}}, .init = {}};
    const auto task = NewLinearTask(config, {}).value();
    const SeededRandom random(seed);
    const SimulatedNoise noise(seed);
    EXPECT_TRUE(task->Initialize(random.Open({.purpose = Purpose::kInit})).ok());
    auto model = std::make_shared<ModelVersion>();
    model->values = task->state().Clone();
    for (int round = 1; round <= kRounds; ++round) {
      std::vector<double> sum(model->values.parameters().size(), 0.0);
      double rows = 0;
      for (int site = 0; site < kHospitals; ++site) {
        Train(*task, model, site, sigmas[site], round, random, noise);
        const double weight = sites_[site].train->size();
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += weight * task->state().parameters()[i];
        rows += weight;
      }
      auto next = std::make_shared<ModelVersion>();
      next->values = model->values.Clone();
      for (std::size_t i = 0; i < sum.size(); ++i)
        next->values.parameters()[i] = static_cast<float>(sum[i] / rows);
      model = std::move(next);
    }
    LoadModel(*model, task->state());
    double accuracy = 0;
    for (const Site& site : sites_)
      accuracy += Summarize(task->Evaluate(Loss::kBce, *site.test, {}).value()).accuracy / kHospitals;
    return accuracy;
  }

  void Train(LearningTask& task, const ModelHandle& model, int site, double sigma, int round,
             const SeededRandom& random, const SimulatedNoise& noise) const {
    WorkRequest request;
    request.model = model;
    request.round = RoundId{static_cast<std::uint64_t>(round)};
    request.client = ClientId{static_cast<std::uint32_t>(site)};
    request.evaluate = false;
    request.train.loss = Loss::kBce;
    request.train.batch = kLot;
    request.train.optimizer.lr = 0.001;
    const double rate = 1.0 / static_cast<double>(Lots(site));
    request.privacy = PrivateTraining{.clip = kClip,
                                      .noise_multiplier = sigma,
                                      .sampling_rate = static_cast<std::uint64_t>(
                                          std::ceil(rate * static_cast<double>(kWholeSamplingRate))),
                                      .steps = kUpdates,
                                      .expected_lot = Denominator(site)};
    const auto done =
        RunLocalRound(task, request, *sites_[site].train, *sites_[site].test, random, noise, {}, {});
    EXPECT_TRUE(done.ok()) << done.status().ToString();
  }

  std::vector<Site> sites_;
};

struct Cell {
  double label, delta, mean, deviation;  // as published
};

// A reading that this path would fail: noise of another size.
TEST_F(PrivateHeartsTest, LabelsAreCalibratedAsInTheTable) {
  const double one[] = {2.10, 2.25, 4.99, 3.07}, five[] = {0.83, 0.86, 1.45, 1.03};
  for (int site = 0; site < kHospitals; ++site) {  // theirs is searched to a tenth
    EXPECT_NEAR(SigmaOf(site, 1, 1e-4), one[site], 0.1 * one[site]);
    EXPECT_NEAR(SigmaOf(site, 5, 1e-4), five[site], 0.1 * five[site]);
  }
}

// Twenty seeds of ours against five of theirs. Two standard errors of a mean of five cover 88 % (Student,
// four degrees of freedom), so that of twenty cells one to four may lie outside; one standard deviation,
// twice as wide and more, is to hold but for one cell. That is the published .7108, of a row with more noise
// than most: .002 below the table's own figure without any, and .044 above the cell beside it.
TEST_F(PrivateHeartsTest, AccuracyIsThatOfThePublishedTable) {
  int near = 0, within = 0, cells = 0;
  std::printf(
      "label ε  δ      published        ours    ε of the updates made (dearest, cheapest hospital)\n");
  for (const Cell& cell :
       {Cell{50, 1e-1, .7036, .046}, Cell{50, 1e-2, .7026, .043}, Cell{50, 1e-3, .6995, .040},
        Cell{50, 1e-4, .7016, .052}, Cell{10, 1e-1, .6978, .039}, Cell{10, 1e-2, .6999, .051},
        Cell{10, 1e-3, .6981, .043}, Cell{10, 1e-4, .7004, .055}, Cell{5, 1e-1, .7049, .036},
        Cell{5, 1e-2, .7004, .043},  Cell{5, 1e-3, .6997, .041},  Cell{5, 1e-4, .7036, .049},
        Cell{1, 1e-1, .7031, .045},  Cell{1, 1e-2, .7059, .038},  Cell{1, 1e-3, .7015, .044},
        Cell{1, 1e-4, .6853, .055},  Cell{.1, 1e-1, .7108, .029}, Cell{.1, 1e-2, .6673, .052},
        Cell{.1, 1e-3, .6292, .086}, Cell{.1, 1e-4, .6056, .121}}) {
    std::vector<double> sigmas, spent;
    for (int site = 0; site < kHospitals; ++site) {
      sigmas.push_back(SigmaOf(site, cell.label, cell.delta));
      spent.push_back(SpentBy(site, sigmas.back(), cell.delta));
    }
    double mean = 0;
    for (int seed = 1; seed <= kSeeds; ++seed)
      mean += Accuracy(sigmas, static_cast<std::uint64_t>(seed)) / kSeeds;
    std::printf("%-8g %-6g %.4f ± %.3f   %.4f  %.2f  %.2f\n", cell.label, cell.delta, cell.mean,
                cell.deviation, mean, *std::ranges::max_element(spent), *std::ranges::min_element(spent));
    near += std::abs(mean - cell.mean) <= 2 * cell.deviation / std::sqrt(5.0);
    within += std::abs(mean - cell.mean) <= cell.deviation;
    ++cells;
  }
  std::printf("%d of %d within two standard errors, %d within one standard deviation\n", near, cells, within);
  EXPECT_GE(near, 16);
  EXPECT_GE(within, 19);
}

}  // namespace
}  // namespace cairn
