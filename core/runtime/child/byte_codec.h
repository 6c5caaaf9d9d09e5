#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace cairn {

// Packs numbers and texts into a message between a process and a copy of itself. Native byte order.
class ByteWriter {
 public:
  void U64(std::uint64_t value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void Text(std::string_view text) {
    U64(text.size());
    bytes_.append(text);
  }
  template <class Texts>
  void List(const Texts& texts) {
    U64(texts.size());
    for (const auto& text : texts) Text(std::string_view(text));
  }
  std::string Take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads them back. After the first mismatch is_sound() is false and everything reads as zero or empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t U64() {
    std::uint64_t value = 0;
    if (rest_.size() < sizeof value) return Fail();
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string Text() {
    const std::uint64_t size = U64();
    if (size > rest_.size()) Fail();
    const std::string text(rest_.substr(0, is_sound_ ? size : 0));
    rest_.remove_prefix(text.size());
    return text;
  }
  template <class Container>
  void List(Container& out) {
    for (std::uint64_t n = U64(); n > 0 && is_sound_; --n) out.emplace_back(Text());
  }
  bool is_sound() const { return is_sound_; }
  bool is_at_end() const { return is_sound_ && rest_.empty(); }

 private:
  std::uint64_t Fail() {
    is_sound_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool is_sound_ = true;
};

}  // namespace cairn
