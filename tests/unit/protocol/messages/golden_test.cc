#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "message_maker.h"
#include "protocol/messages/codec.h"
#include "protocol/messages/manifest.h"

// The wire as it was released. A message that no longer decodes from these bytes, or encodes to
// others, breaks every site that has not been updated. CAIRN_REWRITE_GOLDEN=1 writes the files anew;
// the difference is then read by a person.

namespace cairn {
namespace {

std::filesystem::path FolderOfGolden() {
  const char* source = std::getenv("CAIRN_SOURCE_DIR");
  const std::filesystem::path root = source != nullptr ? source : std::filesystem::current_path();
  return root / "tests/golden/wire-2";
}

void ExpectGolden(const std::string& name, const std::string& bytes) {
  const auto path = FolderOfGolden() / (name + ".bin");
  if (std::getenv("CAIRN_REWRITE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) GTEST_SKIP() << path << " is not there: run from the source folder or set CAIRN_SOURCE_DIR";
  const std::string golden((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(bytes, golden) << name;
}

void MakeGrouped(JobManifest& manifest) {
  manifest.spec.secagg.mode = SecAggMode::kGrouped;
  manifest.spec.secagg.max_sites = 0;
  manifest.spec.secagg.group_size = 4;
  manifest.spec.secagg.group_min = 3;
  manifest.spec.secagg.rule = GroupRule::kTrimmedMean;
  manifest.spec.secagg.trim = 1;
  manifest.spec.cohort = {
      .min_clients = 9, .target = 0, .over_selection = 0, .min_reports = 9, .max_attempts = 5};
  for (char c = 'a'; c < 'm'; ++c) manifest.group_sites.push_back(std::string("site-") + c);
  manifest.group_roster = std::string(64, '7');
  manifest.digest = ComputeDigest(manifest);
}

class GoldenWireTest : public testing::TestWithParam<std::size_t> {};

TEST_P(GoldenWireTest, ClientMessageKeepsItsBytes) {
  if (GetParam() >= std::variant_size_v<ClientMessage>) return;
  MessageMaker make(100 + GetParam());
  ClientMessage message = make.Client(GetParam());
  if (auto* report = std::get_if<Report>(&message)) {
    report->kind = RoundKind::kTrain;
    report->update = std::make_shared<EmptyPayload>();
  }
  const std::string bytes = Encode(message, {.ref = make.Blob(), .scale = 0.5f, .weight = 0.25});
  ASSERT_TRUE(DecodeClientMessage(bytes).ok());
  ExpectGolden("client-" + std::to_string(GetParam()), bytes);
}

TEST_P(GoldenWireTest, ServerMessageKeepsItsBytes) {
  const std::string bytes = Encode(MessageMaker(200 + GetParam()).Server(GetParam()));
  ASSERT_TRUE(DecodeServerMessage(bytes).ok());
  ExpectGolden("server-" + std::to_string(GetParam()), bytes);
}

TEST_P(GoldenWireTest, ManifestKeepsItsCanonicalBytes) {
  if (GetParam() != 0) return;
  ExpectGolden("manifest-canonical", CanonicalBytes(*MessageMaker(300).Manifest()));
}

TEST_P(GoldenWireTest, AGroupedManifestKeepsItsBytes) {
  if (GetParam() != 0) return;
  auto manifest = std::make_shared<JobManifest>(*MessageMaker(500).Manifest());
  MakeGrouped(*manifest);
  const std::string bytes = Encode(ServerMessage(JobOffer{manifest}));
  const auto decoded = DecodeServerMessage(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(std::get<JobOffer>(*decoded).manifest->spec, manifest->spec);
  EXPECT_EQ(std::get<JobOffer>(*decoded).manifest->group_sites, manifest->group_sites);
  ExpectGolden("grouped-offer", bytes);
  ExpectGolden("grouped-canonical", CanonicalBytes(*manifest));
}

TEST_P(GoldenWireTest, WorkRequestKeepsItsBytes) {
  if (GetParam() != 0) return;
  ExpectGolden("work-request", EncodeWorkRequest(MessageMaker(400).Work()));
}

TEST_P(GoldenWireTest, PrivateJobKeepsItsBytes) {
  if (GetParam() != 0) return;
  ExpectGolden("manifest-canonical-private", CanonicalBytes(*MessageMaker(500).PrivateManifest()));
  ExpectGolden("server-offer-private", Encode(JobOffer{MessageMaker(500).PrivateManifest()}));
  ExpectGolden("work-request-private", EncodeWorkRequest(MessageMaker(600).PrivateWork()));
}

INSTANTIATE_TEST_SUITE_P(Kinds, GoldenWireTest,
                         testing::Range<std::size_t>(0, std::variant_size_v<ServerMessage>));

}  // namespace
}  // namespace cairn
