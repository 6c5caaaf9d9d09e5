#include "cli/cairn/job_table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace cairn {
namespace {

using Json = nlohmann::json;

Json Job(const Json& roc_auc) {
  const Json train = {{"kind", "train"}, {"round", 1},   {"invited", 3}, {"reported", 3},
                      {"declined", 0},   {"invalid", 0}, {"late", 0},    {"examples", 300}};
  Json evaluate = train;
  evaluate["kind"] = "evaluate";
  evaluate["round"] = 2;
  evaluate["measured"] = {
      {"rows", 30}, {"accuracy", 0.5}, {"log_loss", 0.6931}, {"roc_auc", roc_auc}, {"macro_f1", 0.25}};
  return {{"name", "cardio"}, {"rounds", 1}, {"reported", 3}, {"pending", 0}, {"history", {train, evaluate}}};
}

TEST(JobTableTest, RoundShowsWhatTheNextOneMeasuredOfItsModel) {
  const std::string table = RoundTable(Job(0.75));
  EXPECT_NE(table.find("    1   3/3        300    0.6931    0.5000   0.7500    0.2500\n"), std::string::npos)
      << table;
}

// Held-out rows of one class have no ROC area; JSON has no NaN, so it comes as null.
TEST(JobTableTest, MetricThatIsNotDefinedIsADash) {
  const std::string table = RoundTable(Job(nullptr));
  EXPECT_NE(table.find("    1   3/3        300    0.6931    0.5000        -    0.2500\n"), std::string::npos)
      << table;
  std::ostringstream told;
  const SteadyClock clock;
  ProgressLine progress(told, Terminal{}, clock);
  JobWatcher(progress).Tell(Job(nullptr));
  EXPECT_NE(told.str().find("0.693"), std::string::npos) << told.str();
}

TEST(JobTableTest, PausedJobSaysWhyAndHowItGoesOn) {
  Json job = Job(0.75);
  job.update(
      {{"id", "j-3"}, {"state", "paused"}, {"reason", "CAIRN-6108 too near"}, {"participants", {"a"}}});
  job.update({{"digest", "d"}, {"submitter", "uid 7"}, {"readable", "sums"}, {"rounds_done", 1}});
  EXPECT_NE(JobListTable(Json::array({job})).find("paused"), std::string::npos);
  EXPECT_NE(JobDescription(job).find("CAIRN-6108 too near"), std::string::npos);
  EXPECT_NE(JobDescription(job).find("cairn job resume j-3"), std::string::npos);
  EXPECT_EQ(PauseNote(job),
            "paused: CAIRN-6108 too near\n"
            "cairn job resume j-3 lets it go on, cairn job stop j-3 ends it\n");
}

}  // namespace
}  // namespace cairn
