#include "core/base/json_writer.h"

#include "core/base/text.h"

namespace cairn {

JsonObject& JsonObject::AddRaw(std::string_view key, std::string_view json) {
  if (!body_.empty()) body_ += ',';
  body_ += JsonString(key);
  body_ += ':';
  body_ += json;
  return *this;
}
JsonObject& JsonObject::Add(std::string_view key, std::string_view value) {
  return AddRaw(key, JsonString(value));
}
JsonObject& JsonObject::Add(std::string_view key, double value) { return AddRaw(key, JsonNumber(value)); }
JsonObject& JsonObject::Add(std::string_view key, bool value) {
  return AddRaw(key, value ? "true" : "false");
}
JsonObject& JsonObject::Add(std::string_view key, const JsonObject& value) {
  return AddRaw(key, value.text());
}
JsonObject& JsonObject::Add(std::string_view key, const JsonArray& value) {
  return AddRaw(key, value.text());
}

JsonArray& JsonArray::AddRaw(std::string_view json) {
  if (!body_.empty()) body_ += ',';
  body_ += json;
  return *this;
}
JsonArray& JsonArray::Add(std::string_view value) { return AddRaw(JsonString(value)); }
JsonArray& JsonArray::Add(double value) { return AddRaw(JsonNumber(value)); }

}  // namespace cairn
