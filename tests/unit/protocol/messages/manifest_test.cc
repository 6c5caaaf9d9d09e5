#include "protocol/messages/manifest.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "message_maker.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {
namespace {

TEST(ManifestTest, DigestIsTheHashOfTheCanonicalBytes) {
  const auto manifest = MessageMaker(1).Manifest();
  const std::string bytes = CanonicalBytes(*manifest);
  EXPECT_EQ(ComputeDigest(*manifest), BlobRefOf(std::as_bytes(std::span(bytes))).hex());
}

// The least manifest there is, written out by hand from the grammar in manifest.h.
TEST(ManifestTest, CanonicalBytesFollowTheGrammar) {
  JobManifest manifest;
  manifest.id = {0x0102};
  const std::string bytes = CanonicalBytes(manifest);
  const std::string label = "cairn-manifest-2";
  EXPECT_EQ(bytes.substr(0, 4), std::string("\x10\0\0\0", 4));
  EXPECT_EQ(bytes.substr(4, label.size()), label);
  EXPECT_EQ(bytes.substr(20, 8), std::string("\x02\x01\0\0\0\0\0\0", 8));
  EXPECT_EQ(bytes.substr(28, 4), std::string(4, '\0'));               // the empty name
  EXPECT_EQ(bytes.substr(bytes.size() - 40), std::string(40, '\0'));  // the empty initial model
}

// So that a manifest which promises privacy is refused by whoever cannot keep the promise: the digest that
// such a release reaches is another.
TEST(ManifestTest, PrivacyTermsStandBehindAllElse) {
  JobManifest manifest = *MessageMaker(4).PrivateManifest();
  const std::string with = CanonicalBytes(manifest);
  manifest.spec.privacy.reset();
  const std::string without = CanonicalBytes(manifest);
  EXPECT_TRUE(with.starts_with(without));
  EXPECT_EQ(with.size(), without.size() + 5 * 8);
}

TEST(ManifestTest, EveryPrivacyTermChangesTheDigest) {
  const JobManifest base = *MessageMaker(4).PrivateManifest();
  std::set<std::string> digests{base.digest};
  const std::vector<std::function<void(PrivacyTerms&)>> changes = {
      [](auto& p) { p.unit = PrivacyUnit::kClient; },
      [](auto& p) { p.mechanism = PrivacyTerms::Mechanism::kCentral; },
      [](auto& p) { p.clip += 1; },
      [](auto& p) { p.noise_multiplier += 1; },
      [](auto& p) { p.delta = 1e-9; },
  };
  for (const auto& change : changes) {
    JobManifest changed = base;
    change(*changed.spec.privacy);
    digests.insert(ComputeDigest(changed));
  }
  EXPECT_EQ(digests.size(), changes.size() + 1);
}

TEST(ManifestTest, EveryFieldChangesTheDigest) {
  const JobManifest base = *MessageMaker(4).Manifest();
  const std::vector<std::function<void(JobManifest&)>> changes = {
      [](auto& m) { ++m.id.value; },
      [](auto& m) { m.federation += "x"; },
      [](auto& m) { m.submitter += "x"; },
      [](auto& m) { m.initial_model.sha256[31] ^= std::byte{1}; },
      [](auto& m) { ++m.initial_model.size; },
      [](auto& m) { m.tensors[0].name += "x"; },
      [](auto& m) { m.tensors[0].shape[0] = 9; },
      [](auto& m) { m.tensors[0].scope = Scope::kLocal; },
      [](auto& m) { m.tensors[0].role = Role::kBuffer; },
      [](auto& m) { m.spec.name += "x"; },
      [](auto& m) { m.spec.model.arch += "x"; },
      [](auto& m) { m.spec.model.hyper["a"] = std::int64_t{5}; },
      [](auto& m) { m.spec.model.hyper["a"] = -3.0; },  // another kind, the same number
      [](auto& m) { m.spec.model.init = "seed:999"; },
      [](auto& m) { m.spec.data.dataset += "x"; },
      [](auto& m) { m.spec.data.schema_toml += "x"; },
      [](auto& m) { m.spec.data.holdout += 0.1; },
      [](auto& m) { m.spec.train.loss = m.spec.train.loss == Loss::kBce ? Loss::kCrossEntropy : Loss::kBce; },
      [](auto& m) { ++m.spec.train.epochs; },
      [](auto& m) { ++m.spec.train.steps; },
      [](auto& m) { ++m.spec.train.batch; },
      [](auto& m) { m.spec.train.drop_last = !m.spec.train.drop_last; },
      [](auto& m) { m.spec.train.grad_clip += 1; },
      [](auto& m) { m.spec.train.proximal_mu += 1; },
      [](auto& m) { m.spec.train.optimizer.lr += 1; },
      [](auto& m) { m.spec.train.optimizer.momentum += 1; },
      [](auto& m) { m.spec.train.optimizer.nesterov = !m.spec.train.optimizer.nesterov; },
      [](auto& m) { m.spec.train.optimizer.weight_decay += 1; },
      [](auto& m) { m.spec.train.optimizer.beta1 += 1; },
      [](auto& m) { m.spec.train.optimizer.beta2 += 1; },
      [](auto& m) { m.spec.train.optimizer.eps += 1; },
      [](auto& m) { m.spec.freeze.push_back("x"); },
      [](auto& m) { m.spec.strategy.name += "x"; },
      [](auto& m) { m.spec.strategy.lr += 1; },
      [](auto& m) { m.spec.strategy.momentum += 1; },
      [](auto& m) { m.spec.strategy.beta1 += 1; },
      [](auto& m) { m.spec.strategy.beta2 += 1; },
      [](auto& m) { m.spec.strategy.tau += 1; },
      [](auto& m) { m.spec.strategy.mu += 1; },
      [](auto& m) { ++m.spec.strategy.rounds; },
      [](auto& m) { m.spec.strategy.weight_by_examples = !m.spec.strategy.weight_by_examples; },
      [](auto& m) { ++m.spec.strategy.weight_cap; },
      [](auto& m) { ++m.spec.cohort.min_clients; },
      [](auto& m) { ++m.spec.cohort.target; },
      [](auto& m) { m.spec.cohort.over_selection += 1; },
      [](auto& m) { ++m.spec.cohort.min_reports; },
      [](auto& m) { ++m.spec.cohort.max_attempts; },
      [](auto& m) { m.spec.round.deadline += std::chrono::seconds(1); },
      [](auto& m) { m.spec.evaluate.federated = !m.spec.evaluate.federated; },
      [](auto& m) { m.spec.evaluate.central = !m.spec.evaluate.central; },
      [](auto& m) { m.spec.evaluate.metric += "x"; },
      [](auto& m) { m.spec.evaluate.maximize = !m.spec.evaluate.maximize; },
      [](auto& m) {
        m.spec.secagg.mode = m.spec.secagg.mode == SecAggMode::kFull ? SecAggMode::kOff : SecAggMode::kFull;
      },
      [](auto& m) { m.spec.secagg.bits ^= 96; },
      [](auto& m) { m.spec.secagg.clip += 1; },
      [](auto& m) { m.spec.secagg.buffer_clip += 1; },
      [](auto& m) { ++m.spec.secagg.max_sites; },
      [](auto& m) { ++m.classes; },
      [](auto& m) { ++m.spec.seed; },
  };
  std::set<std::string> digests = {ComputeDigest(base)};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    JobManifest changed = base;
    changes[i](changed);
    EXPECT_TRUE(digests.insert(ComputeDigest(changed)).second) << "change " << i;
  }
}

TEST(ManifestTest, BlobRefsReadBackFromHex) {
  const BlobRef ref = MessageMaker(2).Blob();
  EXPECT_EQ(ParseBlobRef(ref.hex(), ref.size), ref);
  EXPECT_FALSE(ParseBlobRef(ref.hex().substr(1), 1).has_value());
  EXPECT_FALSE(ParseBlobRef("g" + ref.hex().substr(1), 1).has_value());
}

TEST(ManifestTest, BlobRefIsSha256) {  // FIPS 180-4, the message "abc"
  const std::string abc = "abc";
  EXPECT_EQ(BlobRefOf(std::as_bytes(std::span(abc))).hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace cairn
