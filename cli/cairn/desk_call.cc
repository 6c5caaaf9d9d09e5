#include "cli/cairn/desk_call.h"

#include "aggregator/server/enrolment_verbs.h"
#include "cli/cairn/admin_call.h"
#include "cli/cairn/places.h"

namespace cairn {

using Json = nlohmann::json;

Result<AggregatorFileConfig> LoadAggregatorConfig(const std::string& dir) {
  const std::filesystem::path folder = AggregatorFolder(dir);
  Result<ConfigDocument> document = ConfigDocument::ReadFile(folder / "aggregator.toml");
  if (document.status().id() == errors::kNotFound) {
    return Status(errors::kNotFound, "there is no aggregator in " + folder.string())
        .Why("the folder holds no aggregator.toml")
        .Mend("make one with `cairn aggregator init`, or name its folder with --dir");
  }
  CAIRN_RETURN_IF_ERROR(document.status());
  CAIRN_RETURN_IF_ERROR(document->ApplyEnvironment(EnvironmentOverrides()));
  return ParseAggregatorConfig(*document, folder);
}

Result<Json> DeskCall(const AggregatorFileConfig& config, const Json& request,
                      const SecretBytes& passphrase) {
  const std::string_view secret = passphrase.RevealText(RevealSecret{});
  Result<Json> answer = AdminCall(config.socket(), request, secret);
  if (answer.status().id() != errors::kNotFound) return answer;
  // The daemon may have answered with a kNotFound of its own; then its lock is held and says so.
  const SystemWallClock clock;
  CAIRN_ASSIGN_OR_RETURN(EnrolmentDeskConfig desk_config, EnrolmentDeskConfig::From(config));
  Result<std::unique_ptr<EnrolmentDesk>> desk = EnrolmentDesk::Open(std::move(desk_config), clock);
  if (desk.status().id() == errors::kStorageLocked) return answer;
  CAIRN_RETURN_IF_ERROR(desk.status());
  CAIRN_ASSIGN_OR_RETURN(const std::string data,
                         AnswerEnrolmentVerb(**desk, request.at("verb").get<std::string>(),
                                             {request.dump(), secret, "this user"}, nullptr));
  return Json::parse(data);
}

}  // namespace cairn
