#include "aggregator/server/round_holdings.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "aggregator/server/answer_text.h"
#include "protocol/messages/job_words.h"
#include "protocol/messages/site_groups.h"

namespace cairn {
namespace {

using Json = nlohmann::json;

// One attempt as its records build it up.
struct Attempt {
  RoundOpened opened;
  std::set<ClientId> adverts, shares;
  std::vector<std::pair<ClientId, secagg::MaskedInput>> inputs;
  bool has_keys = false, has_shares = false, has_inputs = false;  // that phase was closed
  const RoundSummary* summary = nullptr;
};

class Teller {
 public:
  explicit Teller(const std::vector<std::string>& participants) : participants_(participants) {}

  std::string Site(ClientId client) const {
    return client.value < participants_.size() ? participants_[client.value] : std::to_string(client.value);
  }
  template <class Clients>
  Json Sites(const Clients& clients) const {
    Json list = Json::array();
    for (const ClientId client : clients) list.push_back(Site(client));
    return list;
  }
  // Those of `before` who are not in `after`.
  template <class Before, class After>
  Json Lost(const Before& before, const After& after) const {
    std::vector<ClientId> lost;
    std::ranges::copy_if(before, std::back_inserter(lost), [&](ClientId client) {
      return std::ranges::find(after, client) == std::end(after);
    });
    return Sites(lost);
  }

  Json operator()(const Attempt& attempt) const {
    Json json = {{"round", attempt.opened.key.round.value},
                 {"attempt", attempt.opened.key.attempt},
                 {"kind", attempt.opened.kind == RoundKind::kTrain ? "train" : "evaluate"},
                 {"outcome", attempt.summary != nullptr ? "committed" : "open or abandoned"},
                 {"invited", Sites(attempt.opened.invited)},
                 {"adverts", Sites(attempt.adverts)},
                 {"shares", Sites(attempt.shares)}};
    Json vectors = Json::array();
    std::vector<ClientId> survivors;
    for (const auto& [client, input] : attempt.inputs) {
      survivors.push_back(client);
      vectors.push_back({{"site", Site(client)}, {"sha256", input.object.hex()}, {"bytes", input.bytes}});
    }
    json["vectors"] = std::move(vectors);
    json["survivors"] = attempt.summary != nullptr ? Sites(attempt.summary->reported) : Sites(survivors);
    Json lost = Json::object();
    if (attempt.has_keys) lost["keys"] = Lost(attempt.opened.invited, attempt.adverts);
    if (attempt.has_shares) lost["shares"] = Lost(attempt.adverts, attempt.shares);
    if (attempt.has_inputs) lost["vector"] = Lost(attempt.shares, survivors);
    json["lost"] = std::move(lost);
    if (attempt.summary != nullptr) json["examples"] = attempt.summary->examples;
    return json;
  }

 private:
  const std::vector<std::string>& participants_;
};

// The groups of an attempt: who is in it of each, and whose sum was opened.
Json GroupsJson(const SiteGroups& groups, const Json& attempt) {
  Json list = Json::array();
  for (std::uint32_t index = 1; index <= groups.count(); ++index) {
    Json group = {{"group", index}, {"sites", groups.Sites(index)}};
    for (const char* set : {"invited", "survivors"}) {
      Json here = Json::array();
      for (const Json& site : attempt.at(set)) {
        if (groups.IndexOf(site.get<std::string>()) == index) here.push_back(site);
      }
      group[set] = std::move(here);
    }
    list.push_back(std::move(group));
  }
  return list;
}

void Add(Attempt& attempt, const MaskingTaken& taken) {
  (std::holds_alternative<secagg::Advert>(taken.message) ? attempt.adverts : attempt.shares)
      .insert(taken.client);
}

void Add(Attempt& attempt, const MaskingClosed& closed) {
  using Phase = secagg::Server::Phase;
  if (closed.phase == Phase::kAdverts) attempt.has_keys = true;
  if (closed.phase == Phase::kShares) attempt.has_shares = true;
  if (closed.phase != Phase::kInputs) return;
  attempt.has_inputs = true;
  attempt.inputs = closed.inputs;
}

// Of noise that hides a whole client in the sum, and of the one that a client's own people get.
std::string NoiseWords(const JobSpec& spec) {
  if (!spec.privacy) return "no differential privacy";
  return "differential privacy of each " + ToString(spec.privacy->unit) + ", " +
         WordOf(spec.privacy->mechanism, kPrivacyMechanismWords);
}

}  // namespace

std::string HoldingsJson(const JobManifest& manifest, const std::vector<std::string>& participants,
                         std::span<const Record> records) {
  std::vector<Attempt> attempts;
  const auto find = [&attempts](const RoundKey& key) -> Attempt* {
    const auto found = std::ranges::find_if(attempts, [&](const Attempt& a) { return a.opened.key == key; });
    return found == attempts.end() ? nullptr : &*found;
  };
  for (const Record& record : records) {
    if (const auto* opened = std::get_if<RoundOpened>(&record.body)) {
      attempts.push_back({});
      attempts.back().opened = *opened;
    } else if (const auto* taken = std::get_if<MaskingTaken>(&record.body)) {
      if (Attempt* attempt = find(taken->key)) Add(*attempt, *taken);
    } else if (const auto* closed = std::get_if<MaskingClosed>(&record.body)) {
      if (Attempt* attempt = find(closed->key)) Add(*attempt, *closed);
    } else if (const auto* committed = std::get_if<RoundCommitted>(&record.body)) {
      if (Attempt* attempt = find(committed->summary.key)) attempt->summary = &committed->summary;
    }
  }
  Json list = Json::array();
  const Teller tell(participants);
  const auto groups = SiteGroups::Of(manifest);  // none where the job is not grouped
  for (const Attempt& attempt : attempts) {
    Json told = tell(attempt);
    if (groups.ok()) told["groups"] = GroupsJson(*groups, told);
    list.push_back(std::move(told));
  }
  return AnswerText({{"job", manifest.spec.name},
                     {"masked", manifest.spec.secagg.is_masked()},
                     {"bits", manifest.spec.secagg.bits},
                     {"noise", NoiseWords(manifest.spec)},
                     {"attempts", std::move(list)}});
}

}  // namespace cairn
