#include "aggregator/strategy/server_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/crc32c.h"
#include "tests/unit/aggregator/strategy/strategy_builder.h"

namespace cairn {
namespace {

using ::testing::HasSubstr;

class ServerStateTest : public ::testing::Test {
 protected:
  ServerStateTest()
      : strategy_(StrategyBuilder("fedadam").Build()), state_(strategy_->Start(ModelOf({1, 2, 3}))) {
    EXPECT_TRUE(strategy_->Apply(UpdateFor(state_, {2, -4, 0}), state_).ok());
    bytes_ = EncodeServerState("fedadam", state_);
  }
  ServerState Fresh() const { return strategy_->Start(state_.model.Clone()); }

  std::unique_ptr<Strategy> strategy_;
  ServerState state_;
  std::vector<std::byte> bytes_;
};

TEST_F(ServerStateTest, ResumedJobTakesTheSameNextStep) {
  ServerState resumed = Fresh();
  ASSERT_TRUE(DecodeServerState(bytes_, "fedadam", resumed).ok());
  EXPECT_EQ(resumed.m, state_.m);
  EXPECT_EQ(resumed.v, state_.v);
  EXPECT_EQ(resumed.round, 1u);
  const AggregateUpdate next = UpdateFor(state_, {0.3f, 0.1f, -7});
  ASSERT_TRUE(strategy_->Apply(next, state_).ok());
  ASSERT_TRUE(strategy_->Apply(next, resumed).ok());
  EXPECT_EQ(Parameters(resumed), Parameters(state_));
  EXPECT_EQ(EncodeServerState("fedadam", resumed), EncodeServerState("fedadam", state_));
}

TEST_F(ServerStateTest, EveryFlippedBitIsRefused) {
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    std::vector<std::byte> damaged = bytes_;
    damaged[i] ^= std::byte{1} << (i % 8);
    ServerState into = Fresh();
    EXPECT_EQ(DecodeServerState(damaged, "fedadam", into).id(), errors::kStorageCorrupt) << "byte " << i;
    EXPECT_EQ(into.round, 0u);
  }
}

TEST_F(ServerStateTest, EveryTruncationAndAnAddedByteAreRefused) {
  for (std::size_t size = 0; size < bytes_.size(); ++size) {
    ServerState into = Fresh();
    EXPECT_FALSE(DecodeServerState(std::span(bytes_).first(size), "fedadam", into).ok()) << size;
  }
  std::vector<std::byte> longer = bytes_;
  longer.push_back(std::byte{0});
  ServerState into = Fresh();
  EXPECT_EQ(DecodeServerState(longer, "fedadam", into).id(), errors::kStorageCorrupt);
}

// Bytes with a right checksum after a change, as another release or job might have written them.
std::vector<std::byte> Resealed(std::vector<std::byte> bytes) {
  bytes.resize(bytes.size() - 4);
  const std::uint32_t crc = Crc32c(bytes);
  const auto* raw = reinterpret_cast<const std::byte*>(&crc);
  bytes.insert(bytes.end(), raw, raw + 4);
  return bytes;
}

TEST_F(ServerStateTest, AnotherVersionIsRefusedByNumber) {
  bytes_[8] = std::byte{2};
  ServerState into = Fresh();
  const Status status = DecodeServerState(Resealed(bytes_), "fedadam", into);
  EXPECT_EQ(status.id(), errors::kServerState);
  EXPECT_THAT(status.what(), HasSubstr("version 2"));
}

TEST_F(ServerStateTest, AnotherStrategyModelOrSizeIsRefused) {
  ServerState into = Fresh();
  EXPECT_EQ(DecodeServerState(bytes_, "fedyogi", into).id(), errors::kServerState);
  ServerState larger = strategy_->Start(ModelOf({1, 2, 3, 4}));
  EXPECT_EQ(DecodeServerState(bytes_, "fedadam", larger).id(), errors::kServerState);
  into.v.clear();
  EXPECT_THAT(DecodeServerState(bytes_, "fedadam", into).what(), HasSubstr("moments"));
}

TEST_F(ServerStateTest, LengthsThatLieBehindARightChecksumAreRefused) {
  // The length of the name, at byte 12, claims more than there is.
  bytes_[12] = std::byte{0xff};
  bytes_[15] = std::byte{0xff};
  ServerState into = Fresh();
  EXPECT_EQ(DecodeServerState(Resealed(bytes_), "fedadam", into).id(), errors::kStorageCorrupt);
}

}  // namespace
}  // namespace cairn
