#include "core/base/wiped_text.h"

#include <string.h>

#include <algorithm>
#include <utility>

namespace cairn {

void WipeText(std::string& text) {
  text.resize(text.capacity());  // what was cut off earlier may still lie behind the end
  explicit_bzero(text.data(), text.size());
  text.clear();
}

WipedText::WipedText(std::string text) {
  text_.swap(text);
  WipeText(text);  // a short string's bytes are in the object itself, and stay there
}

WipedText::WipedText(WipedText&& other) noexcept {
  text_.swap(other.text_);
  WipeText(other.text_);
}

WipedText& WipedText::operator=(WipedText&& other) noexcept {
  if (this == &other) return *this;
  text_.swap(other.text_);
  WipeText(other.text_);
  return *this;
}

void WipedText::Append(std::string_view bytes) {
  if (text_.capacity() - text_.size() < bytes.size()) {
    std::string larger;
    larger.reserve(std::max(text_.size() + bytes.size(), 2 * text_.capacity()));
    larger += text_;
    text_.swap(larger);
    WipeText(larger);
  }
  text_ += bytes;
}

}  // namespace cairn
