#include "aggregator/server/enrolment_records.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/runtime/files.h"
#include "privacy/crypto/text_codec.h"

namespace cairn {
namespace {

using Json = nlohmann::json;
using State = InviteRecord::State;

constexpr std::uint64_t kMaxFile = 64 << 20;
constexpr std::string_view kStates[] = {"new", "waiting", "approved"};

Json ToJson(const InviteRecord& invite) {
  Json json = {{"role", ToString(invite.role)},
               {"expires", invite.expires.time_since_epoch().count()},
               {"certificate", invite.certificate.hex()},
               {"state", kStates[static_cast<std::size_t>(invite.state)]}};
  if (invite.keys.has_value()) {
    json["tls_key"] = ToHex(invite.keys->tls_key.der);
    json["signing_key"] = ToHex(invite.keys->signing_key.bytes);
    json["words"] = invite.words;
    json["asked"] = invite.asked.time_since_epoch().count();
  }
  return json;
}

std::optional<std::string> TextAt(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<UnixTime> TimeAt(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_integer()) return std::nullopt;
  return UnixTime(std::chrono::seconds(found->get<std::int64_t>()));
}

std::optional<EnrolledKeys> KeysOf(const Json& json) {
  const auto tls = FromHex(TextAt(json, "tls_key").value_or("?"));
  const auto signing = FromHex(TextAt(json, "signing_key").value_or("?"));
  EnrolledKeys keys;
  if (!tls.has_value() || !signing.has_value() || signing->size() != keys.signing_key.bytes.size()) {
    return std::nullopt;
  }
  keys.tls_key.der = *tls;
  std::ranges::copy(*signing, keys.signing_key.bytes.begin());
  return keys;
}

std::optional<InviteRecord> InviteOf(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto role = ParsePeerRole(TextAt(json, "role").value_or(""));
  const auto expires = TimeAt(json, "expires");
  const auto certificate = Sha256Digest::Parse(TextAt(json, "certificate").value_or(""));
  const auto state = std::ranges::find(kStates, TextAt(json, "state").value_or(""));
  if (!role || !expires || !certificate || state == std::end(kStates)) return std::nullopt;
  InviteRecord invite{.role = *role,
                      .expires = *expires,
                      .certificate = *certificate,
                      .state = static_cast<State>(state - std::begin(kStates)),
                      .keys = {},
                      .words = {},
                      .asked = {}};
  if (invite.state == State::kNew) return invite;
  invite.keys = KeysOf(json);
  invite.words = TextAt(json, "words").value_or("");
  invite.asked = TimeAt(json, "asked").value_or(UnixTime());
  return invite.keys.has_value() ? std::optional(invite) : std::nullopt;
}

Status Damaged(const std::filesystem::path& path, const std::string& what) {
  return Status(errors::kStorageCorrupt, path.string() + " is damaged: " + what);
}

}  // namespace

Result<EnrolmentRecords> LoadRecords(const std::filesystem::path& path) {
  const Result<std::string> text = ReadFile(path, kMaxFile);
  if (text.status().id() == errors::kNotFound) return EnrolmentRecords();
  CAIRN_RETURN_IF_ERROR(text.status());
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || json.value("schema", Json()) != Json(1) ||
      !json.value("roster_version", Json()).is_number_unsigned() ||
      !json.value("invites", Json()).is_object()) {
    return Damaged(path, "it is not a file of invites of this version");
  }
  EnrolmentRecords records;
  records.roster_version = json["roster_version"].get<std::uint64_t>();
  for (const auto& [name, value] : json["invites"].items()) {
    std::optional<InviteRecord> invite = InviteOf(value);
    if (!IsMemberName(name) || !invite.has_value())
      return Damaged(path, "the invite of '" + name + "' is not one");
    records.invites.emplace(name, *std::move(invite));
  }
  return records;
}

Status SaveRecords(const std::filesystem::path& path, const EnrolmentRecords& records) {
  Json invites = Json::object();
  for (const auto& [name, invite] : records.invites) invites[name] = ToJson(invite);
  const Json json = {
      {"schema", 1}, {"roster_version", records.roster_version}, {"invites", std::move(invites)}};
  return WriteFileAtomically(path, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace cairn
