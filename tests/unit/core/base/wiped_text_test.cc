#include "core/base/wiped_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>

namespace cairn {
namespace {

constexpr std::string_view kSecret = "an open sesame of more than sixteen signs";

bool IsZero(const char* bytes, std::size_t size) {
  return std::all_of(bytes, bytes + size, [](char c) { return c == 0; });
}

TEST(WipeTextTest, AllMemoryOfTheStringIsZeroAndTheStringEmpty) {
  std::string text(kSecret);
  text.resize(3);  // the rest is still there, behind the end
  const char* const bytes = text.data();
  const std::size_t capacity = text.capacity();
  WipeText(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.data(), bytes);
  EXPECT_EQ(text.capacity(), capacity);
  EXPECT_TRUE(IsZero(bytes, capacity));
}

TEST(WipedTextTest, ReadsLikeTheTextItWasMadeOf) {
  const WipedText text{std::string(kSecret)};
  EXPECT_EQ(text.view(), kSecret);
  EXPECT_EQ(text.size(), kSecret.size());
  EXPECT_TRUE(WipedText().empty());
}

TEST(WipedTextTest, AppendedPiecesStandOneBehindTheOther) {
  WipedText text;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    text.Append(kSecret);
    expected += kSecret;
  }
  EXPECT_EQ(text.view(), expected);
}

// A short text lies in the object itself, so that moving it would leave a copy.
TEST(WipedTextTest, MovedFromAndEndedObjectsHoldNothing) {
  alignas(WipedText) char place[sizeof(WipedText)] = {};
  const std::string_view memory(place, sizeof place);
  auto* const text = new (place) WipedText("sesame");
  ASSERT_NE(memory.find("sesame"), std::string_view::npos);
  const WipedText taken = std::move(*text);
  EXPECT_EQ(taken.view(), "sesame");
  EXPECT_EQ(memory.find("esame"), std::string_view::npos);
  *text = WipedText("another");
  ASSERT_NE(memory.find("another"), std::string_view::npos);
  *text = WipedText("sheep");
  ASSERT_NE(memory.find("sheep"), std::string_view::npos);
  EXPECT_EQ(memory.find("nother"), std::string_view::npos);
  text->~WipedText();
  EXPECT_EQ(memory.find("heep"), std::string_view::npos);
}

}  // namespace
}  // namespace cairn
