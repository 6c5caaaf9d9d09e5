#include "cli/cairn/admin_call.h"

#include <utility>

#include "core/base/text.h"

namespace cairn {
namespace {

using Json = nlohmann::json;

std::string TextAt(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Status ErrorOf(const Json& error) {
  const std::optional<ErrorId> id = ParseErrorId(TextAt(error, "id"));
  if (!id.has_value() || FindError(*id) == nullptr) {
    return Status(errors::kNetProtocol,
                  "the daemon answered with an error that this program does not know: " +
                      EscapeControls(TextAt(error, "what")));
  }
  Status status(*id, TextAt(error, "what"));
  if (std::string why = TextAt(error, "why"); !why.empty()) status = std::move(status).Why(std::move(why));
  if (std::string mend = TextAt(error, "mend"); !mend.empty())
    status = std::move(status).Mend(std::move(mend));
  return status;
}

}  // namespace

Result<Json> ReadAdminAnswer(const LocalMessage& answer) {
  Json json = Json::parse(answer.text, nullptr, false);
  const std::string status = json.is_object() ? TextAt(json, "status") : std::string();
  if (status == "error" && json.contains("error") && json["error"].is_object()) return ErrorOf(json["error"]);
  if (status != "ok" || !json.contains("data")) {
    return Status(errors::kNetProtocol, "the daemon's answer is not one this program understands");
  }
  return std::move(json["data"]);
}

Result<Json> AdminCall(const std::filesystem::path& socket, const Json& request, WipedText attachment,
                       Duration patience) {
  CAIRN_ASSIGN_OR_RETURN(LocalClient client, LocalClient::Connect(socket));
  const LocalMessage message{request.dump(-1, ' ', false, Json::error_handler_t::replace),
                             std::move(attachment)};
  CAIRN_ASSIGN_OR_RETURN(const LocalMessage answer, client.Call(message, patience));
  return ReadAdminAnswer(answer);
}

Status AdminStream(const std::filesystem::path& socket, const Json& request,
                   const std::function<bool(const Json&)>& on_data) {
  CAIRN_ASSIGN_OR_RETURN(LocalClient client, LocalClient::Connect(socket));
  Status fault;
  const auto hear = [&](const LocalMessage& message) {
    const Result<Json> data = ReadAdminAnswer(message);
    if (!data.ok()) fault = data.status();
    return data.ok() && on_data(*data);
  };
  CAIRN_RETURN_IF_ERROR(
      client.Stream({request.dump(-1, ' ', false, Json::error_handler_t::replace), {}}, hear));
  return fault;
}

}  // namespace cairn
