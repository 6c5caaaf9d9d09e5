#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace cairn {

class JsonArray;

// Writes one JSON object, members in the order added:
//   JsonObject().Add("name", "a").Add("rounds", 3).text()   gives {"name":"a","rounds":3}
// Text is escaped and mended to UTF-8; NaN and infinities become null. Only writes: documents are
// read elsewhere.
class JsonObject {
 public:
  JsonObject& Add(std::string_view key, std::string_view value);
  JsonObject& Add(std::string_view key, const char* value) { return Add(key, std::string_view(value)); }
  JsonObject& Add(std::string_view key, const std::string& value) {
    return Add(key, std::string_view(value));
  }
  JsonObject& Add(std::string_view key, double value);
  JsonObject& Add(std::string_view key, bool value);
  JsonObject& Add(std::string_view key, const JsonObject& value);
  JsonObject& Add(std::string_view key, const JsonArray& value);
  template <std::integral T>
  JsonObject& Add(std::string_view key, T value) {
    return AddRaw(key, std::to_string(value));
  }
  JsonObject& AddRaw(std::string_view key, std::string_view json);  // json is JSON already

  std::string text() const { return "{" + body_ + "}"; }
  bool empty() const { return body_.empty(); }

 private:
  std::string body_;
};

class JsonArray {
 public:
  JsonArray& Add(std::string_view value);
  JsonArray& Add(const char* value) { return Add(std::string_view(value)); }
  JsonArray& Add(const std::string& value) { return Add(std::string_view(value)); }
  JsonArray& Add(double value);
  JsonArray& Add(const JsonObject& value) { return AddRaw(value.text()); }
  template <std::integral T>
  JsonArray& Add(T value) {
    return AddRaw(std::to_string(value));
  }
  JsonArray& AddRaw(std::string_view json);

  std::string text() const { return "[" + body_ + "]"; }
  bool empty() const { return body_.empty(); }

 private:
  std::string body_;
};

}  // namespace cairn
