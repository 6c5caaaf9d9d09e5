#include "privacy/crypto/proxy.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

const Endpoint kAggregator{"agg.heart.example", 8443};

TEST(ProxyTest, AddressIsReadWithItsPortAndCredentials) {
  EXPECT_EQ(Proxy::Parse("http://gate.lan:3128"), (Proxy{{"gate.lan", 3128}, ""}));
  EXPECT_EQ(Proxy::Parse("http://gate.lan/"), (Proxy{{"gate.lan", 80}, ""}));
  EXPECT_EQ(Proxy::Parse("http://jo:p@ss@gate.lan:3128/"), (Proxy{{"gate.lan", 3128}, "jo:p@ss"}));
  EXPECT_EQ(Proxy::Parse("http://jo:secret@gate.lan:3128")->url(), "http://gate.lan:3128");
  for (const char* text :
       {"", "gate.lan:3128", "https://gate.lan", "http://", "http://ga te", "http://a:99999"})
    EXPECT_FALSE(Proxy::Parse(text).has_value()) << text;
}

TEST(ProxyTest, SettingOrEnvironmentDecides) {
  const ProxyEnvironment env{"http://env.lan:3128", ""};
  EXPECT_EQ(ChooseProxy("env", env, kAggregator)->endpoint.host, "env.lan");
  EXPECT_EQ(ChooseProxy("http://own.lan:1", env, kAggregator)->endpoint.host, "own.lan");
  EXPECT_FALSE(ChooseProxy("none", env, kAggregator).has_value());
  EXPECT_FALSE(ChooseProxy("env", {}, kAggregator).has_value());
}

TEST(ProxyTest, LoopbackNeverGoesThroughAProxy) {
  for (const char* host : {"localhost", "127.0.0.1", "127.8.8.8", "::1"})
    EXPECT_FALSE(ChooseProxy("http://own.lan:1", {}, {host, 8443}).has_value()) << host;
}

TEST(ProxyTest, HostsOfNoProxyAreReachedWithout) {
  for (const char* list : {"agg.heart.example", "heart.example", ".heart.example", "x.org, .example", "*"})
    EXPECT_FALSE(ChooseProxy("env", {"http://env.lan:1", list}, kAggregator).has_value()) << list;
  for (const char* list : {"", ",", "art.example", "agg.heart.example.org", "example.heart"})
    EXPECT_TRUE(ChooseProxy("env", {"http://env.lan:1", list}, kAggregator).has_value()) << list;
}

}  // namespace
}  // namespace cairn
