#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cairn {

// Overwrites a text in a way the compiler keeps, with all the memory the string holds; it is empty
// afterwards.
void WipeText(std::string& text);

// Bytes of which this object leaves no copy: wiped where they end, move away, or outgrow their memory. For
// what may be a secret on its way through code that knows nothing of keys; keys themselves are SecretBytes.
// Reads like any text. Not copyable. Not thread-safe.
class WipedText {
 public:
  WipedText() = default;
  WipedText(std::string text);  // takes the memory over, and wipes what a short one leaves behind
  WipedText(std::string_view text) : text_(text) {}
  WipedText(const char* text) : text_(text) {}

  WipedText(WipedText&& other) noexcept;
  WipedText& operator=(WipedText&& other) noexcept;
  WipedText(const WipedText&) = delete;
  WipedText& operator=(const WipedText&) = delete;
  ~WipedText() { WipeText(text_); }

  void Append(std::string_view bytes);
  std::size_t size() const { return text_.size(); }
  bool empty() const { return text_.empty(); }
  std::string_view view() const { return text_; }
  operator std::string_view() const { return text_; }

 private:
  std::string text_;
};

}  // namespace cairn
