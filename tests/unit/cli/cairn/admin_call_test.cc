#include "cli/cairn/admin_call.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

Status Fault(const std::string& text) { return ReadAdminAnswer({text, {}}).status(); }

TEST(AdminCallTest, DataOfAGoodAnswerIsHandedOn) {
  const auto data = ReadAdminAnswer({R"({"status":"ok","data":{"id":"j-3"}})", {}});
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(data->at("id"), "j-3");
}

TEST(AdminCallTest, DaemonsErrorKeepsItsIdAndWords) {
  const Status fault =
      Fault(R"({"status":"error","error":{"id":"CAIRN-3104","what":"used","why":"because","mend":"ask"}})");
  EXPECT_EQ(fault.id(), errors::kInviteUsed);
  EXPECT_EQ(fault.what(), "used");
  EXPECT_EQ(fault.why(), "because");
  EXPECT_EQ(fault.mend(), "ask");
}

TEST(AdminCallTest, AnswerOfAnotherKindIsABreachOfTheProtocol) {
  for (const char* text :
       {"", "7", "{", "{}", R"({"status":7})", R"({"status":"ok"})", R"({"status":"error"})",
        R"({"status":"error","error":{"id":7}})", R"({"status":"error","error":{"id":"CAIRN-9"}})"}) {
    EXPECT_EQ(Fault(text).id(), errors::kNetProtocol) << text;
  }
}

TEST(AdminCallTest, NoDaemonIsNotFound) {
  EXPECT_EQ(AdminCall("/nonexistent/admin.sock", {{"verb", "job.ls"}}).status().id(), errors::kNotFound);
}

}  // namespace
}  // namespace cairn
