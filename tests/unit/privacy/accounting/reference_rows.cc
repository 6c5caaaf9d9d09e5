#include "tests/unit/privacy/accounting/reference_rows.h"

#include <cmath>
#include <utility>

#include "privacy/accounting/calibration.h"
#include "privacy/accounting/discrete_gaussian.h"
#include "privacy/accounting/gaussian_tradeoff.h"
#include "privacy/accounting/group_privacy.h"
#include "privacy/accounting/loss_distribution.h"
#include "privacy/accounting/rdp.h"
#include "tests/unit/privacy/accounting/accounts.h"

namespace cairn {
namespace {

// ---- What ours may be. ----

struct Range {
  double low, high;
};
// Equal to 1e-6 relative.
Range Equal(double value) { return {value * (1 - 1e-6), value * (1 + 1e-6)}; }
Range Within(double value, double distance) { return {value - distance, value + distance}; }
// The published number is an upper bound, the exact one is known to the digits written here.
Range Below(double exact, double published) { return {exact * (1 - 1e-9), published}; }
// Opacus' PRV numbers are upper bounds too, .0100 to .0105 above the truth.
Range BelowPrv(double exact, double published) {
  return {std::max(published - .0106, exact - 1e-5), std::min(published, exact + 1e-3)};
}

// ---- Order lists: a number from another list is another number. ----

std::vector<double> Orders(std::vector<double> orders, int from, int to, std::vector<double> more) {
  for (int order = from; order <= to; ++order) orders.push_back(order);
  orders.insert(orders.end(), more.begin(), more.end());
  return orders;
}
std::vector<double> L1() {
  std::vector<double> orders;
  for (int i = 11; i < 110; ++i) orders.push_back(i / 10.0);
  return Orders(orders, 12, 63, {});
}
std::vector<double> L2() {
  return Orders({1.25, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4, 4.5}, 5, 63, {128, 256, 512});
}
std::vector<double> L3() { return Orders(L1(), 11, 11, {128, 256, 512, 1024}); }
std::vector<double> Fine(double from, double to, double step) {
  std::vector<double> orders;
  for (double order = from; order <= to; order += step) orders.push_back(order);
  return orders;
}

// ---- Ours. ----

Delta D(double delta) { return Delta::Create(delta).value(); }

double RdpAt(double q, double z, std::uint64_t steps, double order) {
  return RdpOf(GaussianEvent(q, z, steps), std::vector{order}).front();
}
RdpBound RdpBoundOf(const std::vector<double>& orders, const std::vector<PrivacyEvent>& events,
                    double delta) {
  std::vector<double> sum(orders.size(), 0.0);
  for (const PrivacyEvent& event : events) {
    const std::vector<double> rdp = RdpOf(event, orders);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += rdp[i];
  }
  return EpsilonOfRdp(orders, sum, D(delta));
}
double RdpOver(const std::vector<double>& orders, double q, double z, std::uint64_t steps, double delta) {
  return RdpBoundOf(orders, {GaussianEvent(q, z, steps)}, delta).bound.epsilon;
}
// Mironov 2017, Proposition 3: what older programs print. Only here.
std::pair<double, double> OldBound(const std::vector<double>& orders, const std::vector<PrivacyEvent>& events,
                                   double delta) {
  std::pair<double, double> best{1e300, 0};
  for (const double order : orders) {
    double rdp = 0;
    for (const PrivacyEvent& event : events) rdp += RdpOf(event, std::vector{order}).front();
    const double epsilon = rdp - std::log(delta) / (order - 1);
    if (epsilon < best.first) best = {epsilon, order};
  }
  return best;
}
// The central limit of sampled Gaussians (Bu, Dong, Long, Su 2020): an approximation, not a bound. Only here.
double CentralLimitEpsilon(double q, double z, double steps, double delta) {
  return GaussianEpsilon(q * std::sqrt(steps * std::expm1(1 / (z * z))), D(delta)).epsilon;
}
double PldDelta(double q, double z, std::uint64_t steps, double epsilon, Direction direction,
                double grid = 1e-4) {
  const LossDistribution loss = Discretize(SampledGaussian(q, z, direction), grid);
  const LossTerm term{&loss, steps};
  return DeltaAt(Compose({&term, 1}, std::size_t{1} << 23).value(), epsilon);
}
NoiseCalibration Calibrated(AccountantKind kind, double q, std::uint64_t steps, double epsilon,
                            double delta) {
  return CalibrateNoise(kind, GaussianTerms(q, 1, steps), MakeTarget(epsilon, D(delta)).value()).value();
}
double LeastDiscreteSigma(double delta) {
  double low = .5, high = 5;
  while (high - low > 1e-9) {
    const double middle = (low + high) / 2;
    (DiscreteGaussianDelta(middle, 1, 1) > delta ? low : high) = middle;
  }
  return high;
}

constexpr AccountantKind kRdp = AccountantKind::kRdp, kPld = AccountantKind::kPld;

class Table {
 public:
  void Add(std::string id, std::string mechanism, std::string source, double published, Range range,
           std::function<double()> ours) {
    rows_.push_back({std::move(id), std::move(mechanism), std::move(source), published, range.low, range.high,
                     std::move(ours)});
  }
  void Prv(std::string id, double z, double q, std::uint64_t steps, double published, double exact) {
    char text[64];
    std::snprintf(text, sizeof text, "PLD, z %g q %g, %d steps, d 1e-6", z, q, static_cast<int>(steps));
    Add(std::move(id), text, "OPA", published, BelowPrv(exact, published),
        [=] { return PldEpsilon(q, z, steps, 1e-6); });
  }
  std::vector<ReferenceRow> Take() { return std::move(rows_); }

 private:
  std::vector<ReferenceRow> rows_;
};

void AddRenyiRows(Table& t) {
  t.Add("1", "RDP, q .1 z 2, 10 steps, order 5", "TFP", .07737, Within(.07737, 5e-6),
        [] { return RdpAt(.1, 2, 10, 5); });
  t.Add("2", "RDP, q .01 z 2.5, 50 steps, order 5", "DPA", 2.18075656e-3, Equal(2.18075656e-3),
        [] { return RdpAt(.01, 2.5, 50, 5); });
  t.Add("3", "same, order 50", "DPA", 2.38460375e-2, Equal(2.38460375e-2),
        [] { return RdpAt(.01, 2.5, 50, 50); });
  t.Add("4", "same, order 100", "DPA", 167.416308, Equal(167.416308),
        [] { return RdpAt(.01, 2.5, 50, 100); });
  t.Add("5", "same, order 1.5, against the upper bound", "DPA", 6.70579741e-4,
        Below(6.500708971e-4, 6.70579741e-4), [] { return RdpAt(.01, 2.5, 50, 1.5); });
  t.Add("5a", "same, order 1.5, exact", "own", 6.500708971e-4, Within(6.500708971e-4, 1e-12),
        [] { return RdpAt(.01, 2.5, 50, 1.5); });
  t.Add("6", "same, order 2.5, against the upper bound", "DPA", 1.08548710e-3,
        Below(1.085418057e-3, 1.08548710e-3), [] { return RdpAt(.01, 2.5, 50, 2.5); });
  t.Add("6a", "same, order 2.5, exact", "own", 1.085418057e-3, Within(1.085418057e-3, 1e-12),
        [] { return RdpAt(.01, 2.5, 50, 2.5); });
}

void AddConversionRows(Table& t) {
  static const std::vector<double> constant = Orders({}, 2, 32, {});
  const auto convert = [] { return EpsilonOfRdp(constant, std::vector(constant.size(), 1.1), D(1e-5)); };
  t.Add("8", "RDP 1.1 at orders 2 to 32, d 1e-5", "DPA", 1.32783806176, Equal(1.32783806176),
        [=] { return convert().bound.epsilon; });
  t.Add("8a", "same, best order", "DPA", 32, Within(32, 0), [=] { return convert().order; });
  t.Add("9", "Gaussian z 4.530877117, d 1e-6, orders 1.001 to 99.999", "DPA", 1, Equal(1),
        [] { return RdpOver(Fine(1.001, 99.999, .001), 1, 4.530877117, 1, 1e-6); });

  const auto mnist = [] { return RdpBoundOf(L2(), {GaussianEvent(150 / 60000.0, 1.3, 6000)}, 1e-5); };
  t.Add("10", "n 60000 b 150 z 1.3, 6000 steps, d 1e-5", "TFP", .7242234026109595, Equal(.7242234026109595),
        [=] { return mnist().bound.epsilon; });
  t.Add("10a", "same, best order", "TFP", 19, Within(19, 0), [=] { return mnist().order; });
  const auto large = [] { return RdpBoundOf(L2(), {GaussianEvent(100 / 100000.0, 1, 30000)}, 1e-7); };
  t.Add("11", "n 100000 b 100 z 1, 30000 steps, d 1e-7", "TFP", 1.4154988495444842, Equal(1.4154988495444842),
        [=] { return large().bound.epsilon; });
  t.Add("11a", "same, best order", "TFP", 13, Within(13, 0), [=] { return large().order; });
  const auto loud = [] { return RdpBoundOf(L2(), {GaussianEvent(1024 / 1e8, .1, 976563)}, 1e-7); };
  t.Add("12", "n 1e8 b 1024 z .1, 976563 steps, d 1e-7", "TFP", 5907982.3113984, Equal(5907982.3113984),
        [=] { return loud().bound.epsilon; });
  t.Add("12a", "same, best order", "TFP", 1.25, Within(1.25, 0), [=] { return loud().order; });
  t.Add("13", "row 10, older conversion", "TFP", .941870567, Equal(.941870567),
        [] { return OldBound(L2(), {GaussianEvent(150 / 60000.0, 1.3, 6000)}, 1e-5).first; });
  t.Add("14", "row 11, older conversion", "TFP", 1.70928734, Equal(1.70928734),
        [] { return OldBound(L2(), {GaussianEvent(100 / 100000.0, 1, 30000)}, 1e-7).first; });
}

void AddStatementRows(Table& t) {
  t.Add("15", "z .7, 2 passes, everyone, d 1e-5, RDP", "TFP", 10.8602036, Equal(10.8602036),
        [] { return RdpOver(L3(), 1, .7, 2, 1e-5); });
  t.Add("15a", "same, PLD", "TFP", 10.1224946, Equal(10.1224946), [] { return PldEpsilon(1, .7, 2, 1e-5); });
  t.Add("16", "row 15, twice the sensitivity, RDP", "TFP", 26.2880374, Equal(26.2880374),
        [] { return RdpOver(L3(), 1, .35, 2, 1e-5); });
  t.Add("16a", "same, PLD", "TFP", 24.7160779, Equal(24.7160779), [] { return PldEpsilon(1, .35, 2, 1e-5); });
  t.Add("17", "z .7 q .01, 120 steps, d 1e-5, RDP", "TFP", 3.2392676, Below(3.239192194, 3.2392676),
        [] { return RdpOver(L3(), .01, .7, 120, 1e-5); });
  t.Add("17a", "same, PLD", "TFP", 2.4612381, Within(2.4612381, 1e-4),
        [] { return PldEpsilon(.01, .7, 120, 1e-5); });
  t.Add("18", "row 17, twice the sensitivity, RDP", "TFP", 22.6248601, Below(22.59703581, 22.6248601),
        [] { return RdpOver(L3(), .01, .35, 120, 1e-5); });
  t.Add("18a", "same, PLD", "TFP", 18.6977407, Within(18.6977407, 1e-3),
        [] { return PldEpsilon(.01, .35, 120, 1e-5); });
  t.Add("19", "z 2, 5 passes, twice the sensitivity, d 1e-6, RDP", "TFP", 13.376, Within(13.376, 5e-4),
        [] { return RdpOver(L3(), 1, 1, 5, 1e-6); });
  t.Add("19a", "same, PLD", "TFP", 12.595, Within(12.595, 5e-4), [] { return PldEpsilon(1, 1, 5, 1e-6); });
  t.Add("20", "row 19, Poisson 64 of 10000, 782 steps, RDP", "TFP", 1.616, Within(1.616, 5e-4),
        [] { return RdpOver(L3(), .0064, 1, 782, 1e-6); });
  t.Add("20a", "same, PLD", "TFP", 1.199, Within(1.199, 5e-4),
        [] { return PldEpsilon(.0064, 1, 782, 1e-6); });
  t.Add("21", "row 19 for people of up to 3 rows, RDP", "TFP", 56.224, Within(56.224, 5e-4),
        [] { return RdpOver(L3(), 1, 1 / 3.0, 5, 1e-6); });
  t.Add("21a", "row 20 for people of up to 3 rows, RDP", "TFP", 6.425, Within(6.425, 5e-4), [] {
    const auto for_row = [](Delta delta) {
      return EpsilonDelta{RdpOver(L3(), .0064, 1, 782, delta.value()), delta};
    };
    return PersonEpsilonFromRows(for_row, 3, D(1e-6)).epsilon;
  });
}

void AddOpacusRows(Table& t) {
  t.Add("22", "RDP, z 1.5 q .04, 2250 steps, d 1e-5", "OPA", 7.32911117143, Equal(7.32911117143),
        [] { return RdpOver(L1(), .04, 1.5, 2250, 1e-5); });
  t.Add("23", "PLD, z 1.5 q .04, 2249 steps, d 1e-5", "OPA", 6.777395712150674,
        BelowPrv(6.7670444, 6.777395712150674), [] { return PldEpsilon(.04, 1.5, 2249, 1e-5); });
  t.Add("24", "central limit, z 1.5 q .04, 2249 steps, d 1e-5", "OPA", 6.6, Within(6.599820769, 1e-6),
        [] { return CentralLimitEpsilon(.04, 1.5, 2249, 1e-5); });

  struct Search {
    const char* id;
    AccountantKind kind;
    std::uint64_t steps;
    double sigma, epsilon;
  };
  for (const Search& s : {Search{"25a", kRdp, 2250, 1.416, 7.99816},
                          {"25b", kRdp, 2000, 1.3562, 7.99939},
                          {"25c", kPld, 2250, 1.34765625, 7.98342},
                          {"25d", kPld, 2000, 1.2915, 7.98456}}) {
    const std::string name = s.kind == kRdp ? "RDP" : "PLD";
    t.Add(s.id, name + ", eps at their z for eps 8, " + std::to_string(s.steps) + " steps", "own", s.epsilon,
          Within(s.epsilon, 1e-3), [=] {
            return s.kind == kRdp ? RdpOver(L1(), .04, s.sigma, s.steps, 1e-5)
                                  : PldEpsilon(.04, s.sigma, s.steps, 1e-5);
          });
    t.Add(std::string(s.id) + "z", name + ", our z for eps 8, at most theirs", "OPA", s.sigma,
          {s.sigma - .01, s.sigma}, [=] { return Calibrated(s.kind, .04, s.steps, 8, 1e-5).least; });
  }
  t.Add("25e", "central limit, eps at their z, 2250 steps", "own", 7.99510, Within(7.99510, 1e-3),
        [] { return CentralLimitEpsilon(.04, 1.3232421875, 2250, 1e-5); });

  t.Prv("26", .8, .001, 100, .270403364, .2603371);
  t.Prv("27", 1.5, .001, 100, .0393694193, .02924);
  t.Prv("28", 3, .001, 100, .0215200934, .0112044);
  t.Prv("29", .8, .05, 100, 6.7410519394, 6.73063);
  t.Prv("30", 1.5, .05, 100, 1.9538531357, 1.9437355);
  t.Prv("31", 2, .05, 100, 1.2836373796, 1.27356);
  t.Prv("32", 3, .05, 100, .7679337897, .757882);
  t.Prv("33", 1.5, .2, 100, 8.4989778591, 8.488586);
  t.Prv("34", 2, .2, 100, 5.6720556088, 5.661788);
  t.Prv("35", 3, .2, 100, 3.3812205102, 3.371055);
  t.Prv("36", .8, .001, 1000, .4777712662, .467682);
  t.Prv("37", 1.5, .05, 1000, 6.2099692466, 6.19969);
  t.Prv("38", 2, .05, 1000, 4.1727998667, 4.162606);
  t.Prv("39", 3, .05, 1000, 2.5275743261, 2.51745);
  t.Prv("40", .8, .001, 20000, 1.2960092576, 1.28590);
  t.Prv("41", 1.5, .001, 20000, .4370051087, .426978);
  t.Prv("42", 3, .05, 20000, 13.9611146992, 13.95061);
}

void AddDeltaRows(Table& t) {
  t.Add("43", "Gaussian z 1, delta at eps 1", "DPA", .12693674, Equal(.1269367375),
        [] { return GaussianDelta(1, 1); });
  t.Add("43a", "same at eps 2", "DPA", .02092364, Equal(.0209236358), [] { return GaussianDelta(1, 2); });
  t.Add("44", "Gaussian z 1/3, delta at eps 1", "DPA", .78760074, Equal(.78760074),
        [] { return GaussianDelta(3, 1); });
  t.Add("45", "Poisson q .8 z 1, delta at eps 1, add", "DPA", .0231362104, Equal(.0231362104),
        [] { return SampledGaussian(.8, 1, Direction::kAdd).DeltaAt(1); });
  t.Add("45a", "same, remove", "DPA", .0816951787, Equal(.0816951787),
        [] { return SampledGaussian(.8, 1, Direction::kRemove).DeltaAt(1); });
  t.Add("46", "Poisson q .3 z 1, delta at eps 2, remove", "DPA", 3.341102929e-4, Equal(3.341102929e-4),
        [] { return SampledGaussian(.3, 1, Direction::kRemove).DeltaAt(2); });
  t.Add("47", "Gaussian z sqrt 3, 3 times, delta at eps 1", "DPA", .126936, Within(.1269367375, 1e-5),
        [] { return PldDelta(1, std::sqrt(3), 3, 1, Direction::kRemove); });
  t.Add("47a", "same, true positives at false positives .1", "DPA", .38914, Within(.3891436916, 1e-5),
        [] { return GaussianTruePositiveRate(1, .1); });
  t.Add("48", "Poisson q .2 z .5, 3 times, delta at eps 1, remove", "DPA", .15594, Within(.1559328, 1e-4),
        [] { return PldDelta(.2, .5, 3, 1, Direction::kRemove); });
  t.Add("48a", "same, add", "own", 0, Within(0, 1e-4),
        [] { return PldDelta(.2, .5, 3, 1, Direction::kAdd); });
  t.Add("49", "Gaussian z 4, 40 times, delta at eps 10, by transform", "CC", 3.33762759e-9,
        Within(3.33762759e-9, 1e-10), [] { return PldDelta(1, 4, 40, 10, Direction::kRemove); });
  t.Add("49a", "same, closed form", "CC", 3.33762759e-9, Equal(3.33762759e-9),
        [] { return GaussianDelta(std::sqrt(40) / 4, 10); });
  t.Add("50", "Gaussian z 20, 400 times, delta at eps 3", "CC", .00153, Equal(.0015371854),
        [] { return GaussianDelta(1, 3); });
}

void AddSearchRows(Table& t) {
  t.Add("51", "least z for eps 1 d 1e-5, q .01, one step, PLD", "DPA", .67379294682, Equal(.67379294682),
        [] { return Calibrated(kPld, .01, 1, 1, 1e-5).least; });
  t.Add("52", "least sigma, sensitivity 6, q .001, 25 steps, PLD", "DPA", 3.20956502598,
        Within(3.20956502598, 1e-5), [] { return 6 * Calibrated(kPld, .001, 25, 1, 1e-5).least; });
  t.Add("53", "least sigma, discrete Gaussian, delta at eps 1", "DPA", 1.041, Within(1.041, 5e-4),
        [] { return LeastDiscreteSigma(.12693674); });
  static const std::vector<PrivacyEvent> mixed{GaussianEvent(1e-4, .4, 40000), GaussianEvent(.1, 2, 100)};
  t.Add("55", "40000 of (q 1e-4, z .4), 100 of (.1, 2), older", "TFP", 8.509656, Equal(8.509656),
        [] { return OldBound(L2(), mixed, 1e-5).first; });
  t.Add("55a", "same, best order", "TFP", 2.5, Within(2.5, 0),
        [] { return OldBound(L2(), mixed, 1e-5).second; });
  t.Add("55b", "same, improved conversion", "own", 7.3879699, Equal(7.3879699),
        [] { return RdpBoundOf(L2(), mixed, 1e-5).bound.epsilon; });
  t.Add("56", "Gaussian z 1, true positives at 1e-3", "DPA", .01830, Equal(.0182984684),
        [] { return GaussianTruePositiveRate(1, 1e-3); });
  t.Add("56a", "same at 1e-5", "DPA", .0005475, Equal(5.475314e-4),
        [] { return GaussianTruePositiveRate(1, 1e-5); });
  t.Add("56b", "same at 1e-7", "DPA", 1.3385e-5, Equal(1.338485e-5),
        [] { return GaussianTruePositiveRate(1, 1e-7); });
}

}  // namespace

std::vector<ReferenceRow> ReferenceRows() {
  Table table;
  AddRenyiRows(table);
  AddConversionRows(table);
  AddStatementRows(table);
  AddOpacusRows(table);
  AddDeltaRows(table);
  AddSearchRows(table);
  return table.Take();
}

}  // namespace cairn
