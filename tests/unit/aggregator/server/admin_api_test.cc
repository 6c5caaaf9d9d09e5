#include "aggregator/server/admin_api.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aggregator/server/answer_text.h"
#include "aggregator/server/round_holdings.h"
#include "core/runtime/files.h"
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
