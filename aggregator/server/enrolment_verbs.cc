#include "aggregator/server/enrolment_verbs.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "aggregator/server/answer_text.h"
#include "core/base/log.h"

namespace cairn {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kLongestLife = 90 * 86'400;  // of an invite, seconds
constexpr std::string_view kVerbs[] = {"invite.new", "site.ls", "site.approve", "site.revoke"};

Result<std::string> TextAt(const Json& request, const char* key) {
  const auto found = request.is_object() ? request.find(key) : request.end();
  if (!request.is_object() || found == request.end() || !found->is_string()) {
    return Status(errors::kNetProtocol, std::string("the request has no ") + key);
  }
  return found->get<std::string>();
}

std::int64_t Seconds(UnixTime time) { return time.time_since_epoch().count(); }

Result<std::string> NewInvite(EnrolmentDesk& desk, const Json& request) {
  CAIRN_ASSIGN_OR_RETURN(const std::string name, TextAt(request, "name"));
  CAIRN_ASSIGN_OR_RETURN(const std::string role_text, TextAt(request, "role"));
  const std::optional<PeerRole> role = ParsePeerRole(role_text);
  if (!role.has_value()) return Status(errors::kWrongRole, "there is no role '" + role_text + "'");
  const Json life = request.value("ttl_seconds", Json());
  if (!life.is_number_integer() || life.get<std::int64_t>() < 1 || life.get<std::int64_t>() > kLongestLife) {
    return Status(errors::kUsage, "an invite lives between one second and 90 days")
        .Mend("pass --ttl, such as 72h");
  }
  CAIRN_ASSIGN_OR_RETURN(const Invite invite,
                         desk.NewInvite(name, *role, std::chrono::seconds(life.get<std::int64_t>())));
  const SecretBytes line = FormatInvite(invite);
  return AnswerText({{"name", name},
                     {"role", role_text},
                     {"invite", std::string(line.RevealText(RevealSecret{}))},
                     {"expires", Seconds(invite.expires)}});
}

Result<std::string> ListSites(const EnrolmentDesk& desk, const ConnectedSites& connected) {
  const std::vector<std::string> here = connected ? connected() : std::vector<std::string>();
  Json sites = Json::array();
  for (const EnrolmentDesk::Person& person : desk.List()) {
    Json site = {{"name", person.name},
                 {"role", ToString(person.role)},
                 {"state", person.state},
                 {"connected", std::ranges::find(here, person.name) != here.end()}};
    if (!person.words.empty()) site["words"] = person.words;
    if (person.invite_expires != UnixTime()) site["invite_expires"] = Seconds(person.invite_expires);
    sites.push_back(std::move(site));
  }
  return AnswerText({{"federation", desk.federation()},
                     {"roster_version", desk.roster_version()},
                     {"sites", std::move(sites)}});
}

Result<std::string> Approve(EnrolmentDesk& desk, const Json& request, const SecretBytes& passphrase) {
  CAIRN_ASSIGN_OR_RETURN(const std::string name, TextAt(request, "name"));
  const std::string words = TextAt(request, "words").ok() ? *TextAt(request, "words") : std::string();
  CAIRN_ASSIGN_OR_RETURN(const EnrolmentDesk::Approval approval, desk.Approve(name, words, passphrase));
  return AnswerText({{"name", name},
                     {"roster_version", approval.roster_version},
                     {"active_sites", approval.active_sites},
                     {"certificate_until", Seconds(approval.certificate_until)}});
}

Result<std::string> Revoke(EnrolmentDesk& desk, const Json& request, const SecretBytes& passphrase) {
  CAIRN_ASSIGN_OR_RETURN(const std::string name, TextAt(request, "name"));
  CAIRN_ASSIGN_OR_RETURN(const std::uint64_t version, desk.Revoke(name, passphrase));
  return AnswerText({{"name", name}, {"roster_version", version}});
}

}  // namespace

Result<std::string> AnswerEnrolmentVerb(EnrolmentDesk& desk, std::string_view verb,
                                        const AdminApi::Request& request, const ConnectedSites& connected) {
  const Json json = Json::parse(request.text, nullptr, false);
  const SecretBytes passphrase = SecretBytes::CopyOf(request.attachment.view());
  if (verb == "site.ls") return ListSites(desk, connected);
  Result<std::string> answer = [&]() -> Result<std::string> {
    if (verb == "invite.new") return NewInvite(desk, json);
    if (verb == "site.approve") return Approve(desk, json, passphrase);
    if (verb == "site.revoke") return Revoke(desk, json, passphrase);
    return Status(errors::kUsage, "the enrolment desk does not know the verb '" + std::string(verb) + "'");
  }();
  const Result<std::string> name = TextAt(json, "name"), reason = TextAt(json, "reason");
  Log(LogLevel::kInfo, "enrolment", answer.ok() ? "done" : "refused",
      {{"verb", verb},
       {"name", name.ok() ? *name : ""},
       {"reason", reason.ok() ? *reason : ""},
       {"actor", request.actor}});
  return answer;
}

void AddEnrolmentVerbs(AdminApi& api, EnrolmentDesk& desk, ConnectedSites connected) {
  for (const std::string_view verb : kVerbs) {
    api.Add(std::string(verb), [verb, &desk, connected](const AdminApi::Request& request) {
      return AnswerEnrolmentVerb(desk, verb, request, connected);
    });
  }
}

}  // namespace cairn
