#include "aggregator/persistence/record_codec.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "privacy/crypto/text_codec.h"
#include "protocol/messages/blob_ref.h"
#include "protocol/messages/codec.h"

namespace cairn {
namespace {

using Json = nlohmann::json;

Json BlobJson(const BlobRef& ref) { return {{"sha256", ref.hex()}, {"size", ref.size}}; }

BlobRef BlobOf(const Json& json) {
  const auto ref = ParseBlobRef(json.at("sha256").get<std::string>(), json.at("size").get<std::uint64_t>());
  if (!ref.has_value()) throw std::invalid_argument("a blob's name is not a SHA-256");
  return *ref;
}

Json KeyJson(const RoundKey& key) { return {{"round", key.round.value}, {"attempt", key.attempt}}; }

RoundKey KeyOf(const Json& json, JobId job) {
  return {job, RoundId{json.at("round").get<std::uint64_t>()}, json.at("attempt").get<std::uint32_t>()};
}

Json ClientsJson(const std::vector<ClientId>& clients) {
  Json list = Json::array();
  for (const ClientId client : clients) list.push_back(client.value);
  return list;
}

std::vector<ClientId> ClientsOf(const Json& json) {
  std::vector<ClientId> clients;
  for (const Json& entry : json) clients.push_back({entry.get<std::uint64_t>()});
  return clients;
}

// The sums travel as the report of a single site that measured them all.
std::string MetricsText(const RoundSummary& summary) {
  if (summary.metrics.empty()) return {};
  Report report;
  report.key = summary.key;
  report.kind = RoundKind::kEvaluate;
  report.examples = summary.metrics.rows;
  report.metrics = summary.metrics;
  return ToBase64Url(AsBytes(Encode(ClientMessage(std::move(report)))));
}

MetricSums MetricsOf(const std::string& text) {
  if (text.empty()) return {};
  const auto bytes = FromBase64Url(text);
  if (!bytes.has_value()) throw std::invalid_argument("metrics are not base64url");
  auto decoded = DecodeClientMessage(AsText(*bytes));
  if (!decoded.ok()) throw std::invalid_argument(decoded.status().what());
  return std::get<Report>(std::move(decoded->message)).metrics;
}

Json SummaryJson(const RoundSummary& summary) {
  Json json = {{"key", KeyJson(summary.key)},    {"kind", static_cast<int>(summary.kind)},
               {"invited", summary.invited},     {"reported", ClientsJson(summary.reported)},
               {"declined", summary.declined},   {"invalid", summary.invalid},
               {"late", summary.late},           {"examples", summary.examples},
               {"metrics", MetricsText(summary)}};
  if (summary.clip == 0) return json;
  json["clip"] = summary.clip;
  json["next_clip"] = summary.next_clip;
  return json;
}

RoundKind KindOf(const Json& json) {
  const int kind = json.get<int>();
  if (kind != 1 && kind != 2) throw std::invalid_argument("unknown kind of round");
  return static_cast<RoundKind>(kind);
}

RoundSummary SummaryOf(const Json& json, JobId job) {
  RoundSummary summary;
  summary.key = KeyOf(json.at("key"), job);
  summary.kind = KindOf(json.at("kind"));
  summary.invited = json.at("invited").get<std::size_t>();
  summary.reported = ClientsOf(json.at("reported"));
  summary.declined = json.at("declined").get<std::size_t>();
  summary.invalid = json.at("invalid").get<std::size_t>();
  summary.late = json.at("late").get<std::size_t>();
  summary.examples = json.at("examples").get<std::int64_t>();
  summary.metrics = MetricsOf(json.at("metrics").get<std::string>());
  summary.clip = json.value("clip", 0.0);
  summary.next_clip = json.value("next_clip", 0.0);
  return summary;
}

// A message of the masking as it came over the wire.
std::string MaskingText(const RoundKey& key, const secagg::ToServer& message) {
  return ToBase64Url(AsBytes(Encode(ClientMessage(MaskingToServer{key, message}))));
}

secagg::ToServer MaskingOf(const std::string& text) {
  const auto bytes = FromBase64Url(text);
  if (!bytes.has_value()) throw std::invalid_argument("a masking message is not base64url");
  auto decoded = DecodeClientMessage(AsText(*bytes));
  if (!decoded.ok()) throw std::invalid_argument(decoded.status().what());
  return std::get<MaskingToServer>(std::move(decoded->message)).body;
}

MaskingClosed ClosedMaskingOf(const Json& json, JobId job) {
  MaskingClosed closed;
  closed.key = KeyOf(json.at("key"), job);
  const int phase = json.at("phase").get<int>();
  if (phase < 0 || phase > static_cast<int>(secagg::Server::Phase::kInputs))
    throw std::invalid_argument("unknown phase of a masking");
  closed.phase = static_cast<secagg::Server::Phase>(phase);
  for (const Json& entry : json.at("inputs")) {
    secagg::MaskedInput input;
    input.bytes = entry.at("bytes").get<std::uint64_t>();
    const auto object = Sha256Digest::Parse(entry.at("object").get<std::string>());
    const auto signature = FromHex(entry.at("signature").get<std::string>());
    if (!object.has_value() || !signature.has_value() || signature->size() != input.signature.bytes.size())
      throw std::invalid_argument("a masked input's name or signature is none");
    input.object = *object;
    std::ranges::copy(*signature, input.signature.bytes.begin());
    closed.inputs.emplace_back(ClientId{entry.at("client").get<std::uint64_t>()}, input);
  }
  closed.sum = BlobOf(json.at("sum"));
  return closed;
}

std::string RosterOf(const Json& json) {
  const auto bytes = FromBase64Url(json.value("roster", std::string()));
  if (!bytes.has_value()) throw std::invalid_argument("a roster is not base64url");
  return std::string(AsText(*bytes));
}

struct Writer {
  Json operator()(const JobAccepted& body) const {
    return {{"type", "job-accepted"},
            {"offer", ToBase64Url(AsBytes(Encode(ServerMessage(JobOffer{body.manifest}))))}};
  }
  Json operator()(const ParticipantFixed& body) const {
    return {{"type", "participant"}, {"client", body.client.value}, {"site", body.site}};
  }
  Json operator()(const RoundOpened& body) const {
    return {{"type", "round-opened"},
            {"key", KeyJson(body.key)},
            {"kind", static_cast<int>(body.kind)},
            {"invited", ClientsJson(body.invited)},
            {"goal", body.goal},
            {"min_reports", body.min_reports},
            {"roster", ToBase64Url(AsBytes(body.roster))}};
  }
  Json operator()(const MaskingTaken& body) const {
    return {{"type", "masking-taken"},
            {"key", KeyJson(body.key)},
            {"client", body.client.value},
            {"message", MaskingText(body.key, body.message)}};
  }
  Json operator()(const MaskingClosed& body) const {
    Json inputs = Json::array();
    for (const auto& [client, input] : body.inputs) {
      inputs.push_back({{"client", client.value},
                        {"bytes", input.bytes},
                        {"object", input.object.hex()},
                        {"signature", ToHex(input.signature.bytes)}});
    }
    return {{"type", "masking-closed"},
            {"key", KeyJson(body.key)},
            {"phase", static_cast<int>(body.phase)},
            {"inputs", std::move(inputs)},
            {"sum", BlobJson(body.sum)}};
  }
  Json operator()(const RoundCommitted& body) const {
    return {{"type", "round-committed"},
            {"summary", SummaryJson(body.summary)},
            {"model", BlobJson(body.model)},
            {"server_state", BlobJson(body.server_state)}};
  }
  Json operator()(const JobPaused& body) const {
    return {{"type", "job-paused"},
            {"key", KeyJson(body.key)},
            {"reason_id", body.reason_id},
            {"reason", body.reason}};
  }
  Json operator()(const JobResumed& body) const { return {{"type", "job-resumed"}, {"actor", body.actor}}; }
  Json operator()(const JobClosed& body) const {
    return {{"type", "job-closed"},
            {"outcome", static_cast<int>(body.outcome)},
            {"reason_id", body.reason_id},
            {"reason", body.reason}};
  }
};

JobAccepted AcceptedOf(const Json& json) {
  const auto bytes = FromBase64Url(json.at("offer").get<std::string>());
  if (!bytes.has_value()) throw std::invalid_argument("an offer is not base64url");
  auto decoded = DecodeServerMessage(AsText(*bytes));
  if (!decoded.ok()) throw std::invalid_argument(decoded.status().what());
  return {std::get<JobOffer>(std::move(*decoded)).manifest};
}

JobClosed ClosedOf(const Json& json) {
  const int outcome = json.at("outcome").get<int>();
  if (outcome < 1 || outcome > 3) throw std::invalid_argument("unknown outcome");
  return {static_cast<JobOutcome>(outcome), json.at("reason_id").get<std::uint16_t>(),
          json.at("reason").get<std::string>()};
}

Record RecordOf(const Json& json) {
  const JobId job{json.at("job").get<std::uint64_t>()};
  const std::string type = json.at("type").get<std::string>();
  if (type == "job-accepted") return {job, AcceptedOf(json)};
  if (type == "participant") {
    return {job,
            ParticipantFixed{{json.at("client").get<std::uint64_t>()}, json.at("site").get<std::string>()}};
  }
  if (type == "round-opened") {
    return {job, RoundOpened{KeyOf(json.at("key"), job), KindOf(json.at("kind")),
                             ClientsOf(json.at("invited")), json.at("goal").get<std::uint32_t>(),
                             json.at("min_reports").get<std::uint32_t>(), RosterOf(json)}};
  }
  if (type == "masking-taken") {
    return {job, MaskingTaken{KeyOf(json.at("key"), job),
                              {json.at("client").get<std::uint64_t>()},
                              MaskingOf(json.at("message").get<std::string>())}};
  }
  if (type == "masking-closed") return {job, ClosedMaskingOf(json, job)};
  if (type == "round-committed") {
    return {job, RoundCommitted{SummaryOf(json.at("summary"), job), BlobOf(json.at("model")),
                                BlobOf(json.at("server_state"))}};
  }
  if (type == "job-paused") {
    return {job, JobPaused{KeyOf(json.at("key"), job), json.at("reason_id").get<std::uint16_t>(),
                           json.at("reason").get<std::string>()}};
  }
  if (type == "job-resumed") return {job, JobResumed{json.at("actor").get<std::string>()}};
  if (type == "job-closed") return {job, ClosedOf(json)};
  throw std::invalid_argument("unknown type '" + type + "'");
}

}  // namespace

std::string EncodeRecord(const Record& record) {
  Json json = std::visit(Writer{}, record.body);
  json["job"] = record.job.value;
  // A reason may quote bytes that are not UTF-8 (the name of a file, say): replaced, so that the record is
  // kept.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Record> DecodeRecord(const std::string& text) {
  try {
    return RecordOf(Json::parse(text));
  } catch (const std::exception& error) {  // the library's and our own, none of which leave this file
    return Status(errors::kStorageCorrupt, std::string("a journal record cannot be read: ") + error.what());
  }
}

}  // namespace cairn
