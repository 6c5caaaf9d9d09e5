#include "protocol/messages/codec.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/random.h"
#include "message_maker.h"

namespace cairn {
namespace {

constexpr std::size_t kClientKinds = std::variant_size_v<ClientMessage>;
constexpr std::size_t kServerKinds = std::variant_size_v<ServerMessage>;

// Equality of what was sent and what came: encoding is a function of every field, so equal bytes
// after a round trip mean equal messages.
std::string Again(const DecodedClientMessage& decoded) {
  ClientMessage message = decoded.message;
  if (decoded.update) std::get<Report>(message).update = std::make_shared<EmptyPayload>();
  return Encode(message, decoded.update.value_or(UpdateTerms{}));
}

ClientMessage WithUpdate(ClientMessage message) {
  if (auto* report = std::get_if<Report>(&message); report != nullptr && report->kind == RoundKind::kTrain) {
    report->update = std::make_shared<EmptyPayload>();
  }
  return message;
}

TEST(CodecTest, EveryClientMessageComesBackEqual) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    MessageMaker make(seed);
    const ClientMessage message = WithUpdate(make.Client(seed % kClientKinds));
    const std::string bytes = Encode(message, {.ref = make.Blob(), .scale = 0.5f, .weight = 0.25});
    const auto decoded = DecodeClientMessage(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    EXPECT_EQ(decoded->message.index(), message.index());
    EXPECT_EQ(Again(*decoded), bytes);
  }
}

TEST(CodecTest, EveryServerMessageComesBackEqual) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    const ServerMessage message = MessageMaker(seed).Server(seed % kServerKinds);
    const auto decoded = DecodeServerMessage(Encode(message));
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    EXPECT_EQ(decoded->index(), message.index());
    EXPECT_EQ(Encode(*decoded), Encode(message));
  }
}

TEST(CodecTest, FieldsArriveWhereTheyWereSent) {
  MessageMaker make(7);
  Report report;
  report.key = {{9}, {3}, 2};
  report.examples = 41;
  report.layout_hash = 0xfeedface;
  report.metrics = make.Metrics();
  report.update = std::make_shared<EmptyPayload>();
  const UpdateTerms terms{.ref = make.Blob(), .scale = 0.5f, .weight = 1.0 / 3};
  const auto decoded = DecodeClientMessage(Encode(report, terms));
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  const auto& got = std::get<Report>(decoded->message);
  EXPECT_EQ(got.key, report.key);
  EXPECT_EQ(got.kind, RoundKind::kTrain);
  EXPECT_EQ(got.examples, 41);
  EXPECT_EQ(got.layout_hash, 0xfeedfaceu);
  EXPECT_EQ(got.metrics, report.metrics);
  EXPECT_EQ(got.update, nullptr);
  EXPECT_EQ(decoded->update, terms);
}

TEST(CodecTest, ManifestArrivesWhole) {
  const auto manifest = MessageMaker(3).Manifest();
  const auto decoded = DecodeServerMessage(Encode(JobOffer{manifest}));
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  const JobManifest& got = *std::get<JobOffer>(*decoded).manifest;
  EXPECT_EQ(got.id, manifest->id);
  EXPECT_EQ(got.spec, manifest->spec);
  EXPECT_EQ(got.federation, manifest->federation);
  EXPECT_EQ(got.submitter, manifest->submitter);
  EXPECT_EQ(got.tensors, manifest->tensors);
  EXPECT_EQ(got.initial_model, manifest->initial_model);
  EXPECT_EQ(got.digest, manifest->digest);
}

// ---- hostile bytes

void ExpectRefused(const Status& status, const std::string& part) {
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.id(), errors::kNetProtocol);
  EXPECT_NE(status.what().find(part), std::string::npos) << status.what();
}

template <class Change>
Status RefusalOfManifest(Change change) {
  JobManifest manifest = *MessageMaker(5).Manifest();
  change(manifest);
  manifest.digest = ComputeDigest(manifest);
  return DecodeServerMessage(Encode(JobOffer{std::make_shared<JobManifest>(manifest)})).status();
}

TEST(CodecHostileTest, OversizedMessageIsRefusedBeforeItIsParsed) {
  ExpectRefused(DecodeClientMessage(std::string(kMaxControlBytes + 1, '\0')).status(), "1048577 bytes");
}

TEST(CodecHostileTest, EmptyMessageHasNoKind) {
  ExpectRefused(DecodeClientMessage("").status(), "no known kind");
  ExpectRefused(DecodeServerMessage("").status(), "no known kind");
}

TEST(CodecHostileTest, EveryTruncationIsRefusedOrStillValid) {
  const std::string bytes = Encode(JobOffer{MessageMaker(1).Manifest()});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeServerMessage(std::string_view(bytes).substr(0, size)).ok()) << size;
  }
}

TEST(CodecHostileTest, RandomFlipsNeverCrashAndNeverPassAnotherManifest) {
  const auto manifest = MessageMaker(2).Manifest();
  const std::string bytes = Encode(JobOffer{manifest});
  RandomStream stream = SeededRandom(11).Open({});
  for (int i = 0; i < 3000; ++i) {
    std::string bad = bytes;
    bad[stream.Below(bad.size())] ^= static_cast<char>(1 << stream.Below(8));
    const auto decoded = DecodeServerMessage(bad);
    if (!decoded.ok() || !std::holds_alternative<JobOffer>(*decoded)) continue;
    EXPECT_EQ(std::get<JobOffer>(*decoded).manifest->spec, manifest->spec);  // only an unknown field
  }
}

TEST(CodecHostileTest, DeepNestingIsRefused) {
  std::string nested;  // unknown field 100 as groups inside groups
  for (int i = 0; i < 200; ++i) nested += "\xa3\x06";
  for (int i = 0; i < 200; ++i) nested += "\xa4\x06";
  ExpectRefused(DecodeClientMessage(nested).status(), "well-formed");
}

TEST(CodecHostileTest, InvalidUtf8IsRefused) {
  std::string bytes = Encode(ClientMessage(Hello{.software = "AAAA", .site = "s", .capabilities = {}}));
  bytes.replace(bytes.find("AAAA"), 4, "\xff\xfe\xc0\x80");
  ExpectRefused(DecodeClientMessage(bytes).status(), "well-formed");
}

TEST(CodecHostileTest, UnknownEnumerationIsRefused) {
  ExpectRefused(DecodeClientMessage(Encode(JobReply{{}, static_cast<JobAnswer>(9), 0, {}})).status(),
                "job_reply.answer");
  ExpectRefused(DecodeClientMessage(Encode(JobReply{{}, static_cast<JobAnswer>(0), 0, {}})).status(),
                "job_reply.answer");
  ExpectRefused(DecodeServerMessage(Encode(JobEnded{{}, static_cast<JobOutcome>(7), {}})).status(),
                "job_ended.outcome");
}

TEST(CodecHostileTest, TrainingReportWithoutUpdateIsRefused) {
  ExpectRefused(DecodeClientMessage(Encode(Report{})).status(), "report.update");
}

TEST(CodecHostileTest, SharesOutsideTheUnitIntervalAreRefused) {
  Report report;
  report.update = std::make_shared<EmptyPayload>();
  for (const double weight : {0.0, -1.0, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    ExpectRefused(DecodeClientMessage(Encode(report, {.ref = {}, .weight = weight})).status(),
                  "report.weight");
  }
  ExpectRefused(
      DecodeClientMessage(Encode(report, {.ref = {}, .scale = std::numeric_limits<float>::infinity()}))
          .status(),
      "report.scale");
}

TEST(CodecHostileTest, MetricCountsMustFitTheClasses) {
  MessageMaker make(1);
  Report report;
  report.kind = RoundKind::kEvaluate;
  while (report.metrics.empty()) report.metrics = make.Metrics();
  report.metrics.confusion.push_back(0);
  ExpectRefused(DecodeClientMessage(Encode(report)).status(), "metrics.confusion");
  report.metrics.confusion.pop_back();
  report.metrics.own_scores[5] = -1;
  ExpectRefused(DecodeClientMessage(Encode(report)).status(), "metrics.own_scores");
  report.metrics.classes = kMaxClasses + 1;
  ExpectRefused(DecodeClientMessage(Encode(report)).status(), "metrics.classes");
}

TEST(CodecHostileTest, LossSumBeyondTheRowsIsRefused) {
  Report report;
  report.kind = RoundKind::kEvaluate;
  report.metrics.rows = 1;
  report.metrics.loss_sum = std::int64_t{1} << 48;
  ExpectRefused(DecodeClientMessage(Encode(report)).status(), "metrics.loss_sum");
}

TEST(CodecHostileTest, ForgedDigestIsRefused) {
  JobManifest manifest = *MessageMaker(5).Manifest();
  manifest.spec.train.optimizer.lr *= 2;  // the digest is still the old one
  ExpectRefused(DecodeServerMessage(Encode(JobOffer{std::make_shared<JobManifest>(manifest)})).status(),
                "digest");
}

TEST(CodecHostileTest, BadTensorsAreRefused) {
  ExpectRefused(RefusalOfManifest([](JobManifest& m) { m.tensors[1].name = m.tensors[0].name; }), "tensors");
  ExpectRefused(RefusalOfManifest([](JobManifest& m) { m.tensors[0].shape = Shape(9, 1); }),
                "too many dimensions");
  ExpectRefused(RefusalOfManifest([](JobManifest& m) { m.tensors[0].shape = {-2, 3}; }), "tensors");
  ExpectRefused(RefusalOfManifest([](JobManifest& m) {
                  m.tensors[0].shape = {std::int64_t{1} << 40, std::int64_t{1} << 40};
                }),
                "tensors");
  ExpectRefused(RefusalOfManifest([](JobManifest& m) { std::swap(m.tensors[0], m.tensors[3]); }), "order");
  ExpectRefused(RefusalOfManifest([](JobManifest& m) { m.initial_model.size += 4; }), "initial_model");
}

TEST(CodecHostileTest, NumbersOutOfRangeAreRefusedByTheirKey) {
  ExpectRefused(RefusalOfManifest([](JobManifest& m) {
                  m.spec.train.optimizer.lr = std::numeric_limits<double>::quiet_NaN();
                }),
                "train.optimizer.lr");
  ExpectRefused(RefusalOfManifest([](JobManifest& m) { m.spec.train.batch = 0; }), "train.batch");
  ExpectRefused(RefusalOfManifest([](JobManifest& m) { m.spec.data.holdout = 0.75; }), "data.holdout");
  ExpectRefused(RefusalOfManifest([](JobManifest& m) { m.spec.name = "../x"; }), "name");
  ExpectRefused(RefusalOfManifest([](JobManifest& m) { m.spec.model.init = "file:/etc/passwd"; }),
                "model.init");
}

TEST(CodecHostileTest, BlobLargerThanThePeerTakesIsRefused) {
  RoundPlan plan;
  plan.model_ref.size = 1001;
  ExpectRefused(DecodeServerMessage(Encode(plan), {.max_blob_bytes = 1000}).status(), "blob.size");
}

}  // namespace
}  // namespace cairn
