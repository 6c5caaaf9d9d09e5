#include "aggregator/server/enrolment_verbs.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/runtime/files.h"
#include "privacy/crypto/private_file.h"

namespace cairn {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

class EnrolmentVerbsTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.Now());
    const fs::path folder = folder_.path();
    ASSERT_TRUE(CertificateAuthority::Create(folder / "ca", "heartnet", {}, now).ok());
    const auto issuer = CertificateIssuer::Open(folder / "ca" / "issuer");
    const auto leaf = issuer->IssueServer(TlsKey::Generate().public_key(), "aggregator", {"localhost"}, now);
    ASSERT_TRUE(WritePublicFile(folder / "server.crt", AsBytes(leaf->ToPem())).ok());
    auto desk = EnrolmentDesk::Open({folder / "desk",
                                     folder / "ca" / "issuer",
                                     folder / "ca",
                                     folder / "server.crt",
                                     {"localhost", 8443},
                                     "",
                                     {}},
                                    clock_);
    ASSERT_TRUE(desk.ok()) << desk.status().ToString();
    desk_ = *std::move(desk);
  }

  Result<std::string> Call(const std::string& verb, const std::string& text) {
    return AnswerEnrolmentVerb(*desk_, verb, {text, "", "uid 0"},
                               [] { return std::vector<std::string>{"site-b"}; });
  }
  ErrorId Fault(const std::string& verb, const std::string& text) { return Call(verb, text).status().id(); }

  TempFolder folder_ = TempFolder::Create(fs::temp_directory_path()).value();
  SystemWallClock clock_;
  std::unique_ptr<EnrolmentDesk> desk_;
};

TEST_F(EnrolmentVerbsTest, InviteIsALineThatParses) {
  const auto answer = Call("invite.new", R"({"name":"site-a","role":"site","ttl_seconds":60})");
  ASSERT_TRUE(answer.ok()) << answer.status().ToString();
  const Json data = Json::parse(*answer);
  const auto invite = ParseInvite(data.at("invite").get<std::string>());
  ASSERT_TRUE(invite.ok());
  EXPECT_EQ(invite->name, "site-a");
  EXPECT_EQ(invite->expires.time_since_epoch().count(), data.at("expires").get<std::int64_t>());
}

TEST_F(EnrolmentVerbsTest, ListTellsStatesAndWhoIsConnected) {
  ASSERT_TRUE(Call("invite.new", R"({"name":"site-a","role":"auditor","ttl_seconds":60})").ok());
  ASSERT_TRUE(Call("invite.new", R"({"name":"site-b","role":"site","ttl_seconds":60})").ok());
  const Json data = Json::parse(*Call("site.ls", "{}"));
  EXPECT_EQ(data.at("roster_version"), 0);
  ASSERT_EQ(data.at("sites").size(), 2u);
  EXPECT_EQ(data.at("sites")[0].at("role"), "auditor");
  EXPECT_EQ(data.at("sites")[0].at("state"), "invited");
  EXPECT_EQ(data.at("sites")[0].at("connected"), false);
  EXPECT_EQ(data.at("sites")[1].at("connected"), true);
}

TEST_F(EnrolmentVerbsTest, MalformedRequestsAreRefusedAndChangeNothing) {
  for (const char* text :
       {"", "[]", "null", "{}", R"({"name":7,"role":"site","ttl_seconds":60})", R"({"name":"a"})"}) {
    EXPECT_EQ(Fault("invite.new", text), errors::kNetProtocol) << text;
    EXPECT_FALSE(Call("site.approve", text).ok()) << text;
    EXPECT_FALSE(Call("site.revoke", text).ok()) << text;
  }
  EXPECT_EQ(Fault("invite.new", R"({"name":"a","role":"king","ttl_seconds":60})"), errors::kWrongRole);
  for (const char* life : {"0", "-1", "1.5", "\"72h\"", "7776001", "99999999999999999999"}) {
    const std::string text = R"({"name":"a","role":"site","ttl_seconds":)" + std::string(life) + "}";
    EXPECT_EQ(Fault("invite.new", text), errors::kUsage) << life;
  }
  EXPECT_EQ(Fault("site.rename", "{}"), errors::kUsage);
  EXPECT_TRUE(Json::parse(*Call("site.ls", "{}")).at("sites").empty());
}

}  // namespace
}  // namespace cairn
