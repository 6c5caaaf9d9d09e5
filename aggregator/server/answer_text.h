#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace cairn {

// JSON as admin answers carry it. Names and reasons may hold bytes that are not UTF-8, such as those of a
// file's name: each is told as U+FFFD, since an answer with one odd sign is worth more than none.
inline std::string AnswerText(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace cairn
