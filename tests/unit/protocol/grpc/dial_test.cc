#include "protocol/grpc/dial.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

using namespace std::chrono_literals;

TEST(KeepaliveTest, SilentConnectionIsGivenUpWithinTheStallTimeout) {
  for (const Duration timeout : {16s, 30s, 60s, 600s}) {
    const Keepalive keepalive = KeepaliveOf(timeout);
    EXPECT_LE((keepalive.ask_after + keepalive.answer_within).count(), timeout.count());
    EXPECT_GT(keepalive.ask_after, 10s) << "the aggregator takes more frequent questions for an attack";
  }
}

}  // namespace
}  // namespace cairn
