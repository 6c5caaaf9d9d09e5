#include "core/runtime/asio/local_protocol.h"

#include <gtest/gtest.h>

#include <vector>

namespace cairn {
namespace {

using Step = LocalMessageReader::Step;

TEST(LocalProtocolTest, BytesAreAsDocumented) {
  using namespace std::string_literals;
  EXPECT_EQ(EncodeLocalMessage({.text = "{}", .attachment = "abc"}),
            "\2\0\0\0{}\3\0\0\0\0\0\0\0\3\0\0\0abc"s);
  EXPECT_EQ(EncodeLocalMessage({.text = "{}", .attachment = {}}), "\2\0\0\0{}\0\0\0\0\0\0\0\0"s);
  EXPECT_EQ(EncodeLocalEnd(), "\0\0\0\0"s);
}

TEST(LocalProtocolTest, MessagesReadAlikeInWhateverPiecesTheyCome) {
  const LocalMessage big{.text = "first", .attachment = std::string(kMaxLocalChunk + 7, 'y')};
  const std::string stream =
      EncodeLocalMessage(big) + EncodeLocalMessage({.text = "second", .attachment = {}}) + EncodeLocalEnd();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, stream.size()}) {
    LocalMessageReader reader(std::uint64_t{1} << 30);
    std::vector<LocalMessage> messages;
    bool has_ended = false;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      std::string_view bytes = std::string_view(stream).substr(at, piece);
      while (!bytes.empty()) {
        const Step step = reader.Read(bytes).value();
        if (step == Step::kMessage) messages.push_back(reader.Take());
        has_ended = step == Step::kEnd;
      }
    }
    ASSERT_EQ(messages.size(), 2u) << piece;
    EXPECT_EQ(messages[0].attachment.view(), big.attachment.view());
    EXPECT_EQ(messages[1].text, "second");
    EXPECT_TRUE(has_ended && reader.is_between_messages());
  }
}

}  // namespace
}  // namespace cairn
