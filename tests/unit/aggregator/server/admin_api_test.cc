#include "aggregator/server/admin_api.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aggregator/server/answer_text.h"
#include "aggregator/server/round_holdings.h"
#include "core/runtime/files.h"
#include "protocol/messages/manifest.h"
#include "protocol/transport/in_process_hub.h"

namespace cairn {
namespace {

using Json = nlohmann::json;

class NoEvents final : public EventSink {
  void Emit(const DomainEvent&) override {}
};
class NoObserver final : public JobObserver {
  void OnRound(const JobManifest&, const RoundSummary&, const ModelHandle&) override {}
  void OnEnd(const JobManifest&, const JobClosed&, const ModelHandle&) override {}
};
class KeptAnswer final : public LocalAnswer {
 public:
  explicit KeptAnswer(std::string& text) : text_(text) {}
  bool Send(LocalMessage message) override {
    text_ = message.text;
    return true;
  }
  void End() override {}

 private:
  std::string& text_;
};

class AdminApiTest : public testing::Test {
 protected:
  AdminApiTest()
      : driver_(AggregatorDriver::Create({.state_dir = folder_.path(), .federation = "heartnet"}, loop_,
                                         hub_.server(), events_, observer_)
                    .value()),
        api_(*driver_) {}
  Json Ask(const std::string& request) {
    std::string text;
    api_.Handle({}, {request, {}}, std::make_unique<KeptAnswer>(text));
    return Json::parse(text);
  }

  TempFolder folder_ = TempFolder::Create(std::filesystem::temp_directory_path()).value();
  EventLoop loop_;
  InProcessHub hub_{TransportMode::kDirect};
  NoEvents events_;
  NoObserver observer_;
  std::unique_ptr<AggregatorDriver> driver_;
  AdminApi api_;
};

TEST_F(AdminApiTest, RequestWithoutAVerbAndUnknownVerbsAreErrors) {
  for (const char* request : {"", "7", "{}", R"({"verb":7})", "{\"verb\":\"\xff\"}"}) {
    EXPECT_EQ(Ask(request).at("error").at("id"), ToString(errors::kNetProtocol)) << request;
  }
  EXPECT_EQ(Ask(R"({"verb":"job.sing"})").at("error").at("id"), ToString(errors::kUsage));
}

// A paused job in the journal of a driver that starts over it.
TEST(PausedJobApiTest, PausedJobIsToldResumedAndStoppedOverTheSocket) {
  const TempFolder folder = TempFolder::Create(std::filesystem::temp_directory_path()).value();
  auto manifest = std::make_shared<JobManifest>();
  manifest->id = JobId{1};
  manifest->spec.name = "cardio";
  manifest->spec.model.arch = "linear";
  manifest->spec.data.dataset = "cardio";
  manifest->spec.secagg.mode = SecAggMode::kOff;
  manifest->federation = "heartnet";
  manifest->tensors = {{"w", {3}, Role::kParameter, Scope::kExchanged}};
  const ModelHandle model = MakeModelVersion(ParameterSet(*ParameterSpec::Create(manifest->tensors)));
  manifest->initial_model = model->ref;
  manifest->digest = ComputeDigest(*manifest);
  ASSERT_TRUE(ModelStore::Open(folder.path() / "models")->Put(*model).ok());
  const auto record = [&](auto body) {
    auto store = JobStore::Open(folder.path());
    return (*store)->Apply({JobId{1}, std::move(body)}).ok();
  };
  ASSERT_TRUE(record(JobAccepted{manifest}));
  ASSERT_TRUE(record(JobPaused{{JobId{1}, RoundId{1}, 1}, errors::kSecAggSums.value, "too near"}));

  EventLoop loop;
  InProcessHub hub{TransportMode::kDirect};
  NoEvents events;
  NoObserver observer;
  auto driver = AggregatorDriver::Create({.state_dir = folder.path(), .federation = "heartnet"}, loop,
                                         hub.server(), events, observer)
                    .value();
  driver->Start();
  AdminApi api(*driver);
  const auto ask = [&](const char* verb) {
    std::string text;
    api.Handle({}, {R"({"id":"j-1","verb":")" + std::string(verb) + "\"}", {}},
               std::make_unique<KeptAnswer>(text));
    return Json::parse(text);
  };
  EXPECT_EQ(ask("job.show").at("data").at("state"), "paused");
  EXPECT_EQ(ask("job.show").at("data").at("reason"), "CAIRN-6108 too near");
  EXPECT_EQ(ask("job.ls").at("data").at("jobs")[0].at("state"), "paused");
  EXPECT_EQ(ask("job.resume").at("status"), "ok");
  EXPECT_EQ(ask("job.show").at("data").at("state"), "recruiting");
  EXPECT_EQ(ask("job.resume").at("error").at("id"), ToString(errors::kJobBusy));
  EXPECT_EQ(ask("job.stop").at("status"), "ok");
  EXPECT_EQ(ask("job.show").at("data").at("outcome"), "stopped");
}

TEST_F(AdminApiTest, FaultThatNamesBytesWhichAreNotUtf8IsStillAnswered) {
  api_.Add("test.fail", [](const AdminApi::Request&) -> Result<std::string> {
    return Status(errors::kNotFound, "there is no file caf\xe9.toml");
  });
  EXPECT_EQ(Ask(R"({"verb":"test.fail"})").at("error").at("what"), "there is no file caf\uFFFD.toml");
}

TEST(AnswerTextTest, BytesThatAreNotUtf8AreReplacedInNamesOfKeysToo) {
  EXPECT_EQ(AnswerText({{"caf\xe9", "\xff"}}), "{\"caf\uFFFD\":\"\uFFFD\"}");
}

TEST(HoldingsJsonTest, JobOfAnOddNameIsTold) {
  JobManifest manifest;
  manifest.spec.name = "caf\xe9";
  EXPECT_EQ(Json::parse(HoldingsJson(manifest, {}, {})).at("job"), "caf\uFFFD");
}

}  // namespace
}  // namespace cairn
