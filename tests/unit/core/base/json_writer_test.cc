#include "core/base/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

namespace cairn {
namespace {

TEST(JsonWriterTest, MembersKeepTheirOrderAndKind) {
  const JsonArray list = JsonArray().Add("a").Add(1.5).Add(JsonObject().Add("n", 3));
  const JsonObject object = JsonObject().Add("z", "text").Add("a", true).Add("list", list).Add("i", -7);
  EXPECT_EQ(object.text(), "{\"z\":\"text\",\"a\":true,\"list\":[\"a\",1.5,{\"n\":3}],\"i\":-7}");
}

TEST(JsonWriterTest, NumbersThatJsonCannotSayAreNull) {
  EXPECT_EQ(JsonObject().Add("x", std::numeric_limits<double>::quiet_NaN()).text(), "{\"x\":null}");
}

TEST(JsonWriterTest, KeysAreEscapedLikeValues) {
  EXPECT_EQ(JsonObject().Add("a\"b", "c\nd").text(), "{\"a\\\"b\":\"c\\nd\"}");
}

}  // namespace
}  // namespace cairn
