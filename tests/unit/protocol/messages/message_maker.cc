#include "message_maker.h"

#include <algorithm>

namespace cairn {

std::string MessageMaker::Name() {
  std::string name = "n";
  for (std::uint64_t i = Below(12); i > 0; --i) name += static_cast<char>('a' + Below(26));
  return name;
}

BlobRef MessageMaker::Blob() {
  BlobRef ref{.sha256 = {}, .size = Below(1 << 20)};
  for (std::byte& b : ref.sha256) b = static_cast<std::byte>(Below(256));
  return ref;
}

MetricSums MessageMaker::Metrics() {
  MetricSums sums;
  if (Flip()) return sums;
  sums.classes = static_cast<std::uint32_t>(1 + Below(4));
  sums.rows = static_cast<std::int64_t>(1 + Below(1000));
  const auto fill = [this, &sums](std::size_t count) {
    std::vector<std::int64_t> counts(count);
    for (auto& c : counts) c = static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(sums.rows) + 1));
    return counts;
  };
  sums.confusion = fill(std::size_t{sums.classes} * sums.classes);
  sums.own_scores = fill(std::size_t{sums.classes} * MetricSums::kScoreBins);
  sums.rest_scores = fill(std::size_t{sums.classes} * MetricSums::kScoreBins);
  sums.loss_sum = static_cast<std::int64_t>(Below(1 << 30)) - (1 << 29);
  sums.loss_clipped = static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(sums.rows)));
  return sums;
}

TrainConfig MessageMaker::Train() {
  TrainConfig train;
  train.loss = Flip() ? Loss::kBce : Loss::kCrossEntropy;
  train.epochs = static_cast<std::uint32_t>(1 + Below(10));
  train.steps = static_cast<std::uint32_t>(Below(100));
  train.batch = static_cast<std::uint32_t>(1 + Below(256));
  train.drop_last = Flip();
  train.optimizer = {.kind = Flip() ? OptimizerKind::kAdam : OptimizerKind::kSgd,
                     .lr = Real(0.001, 1),
                     .momentum = Real(0.1, 0.9),
                     .nesterov = Flip(),
                     .weight_decay = Real(0, 0.1),
                     .beta1 = Real(0, 0.9),
                     .beta2 = Real(0, 0.99),
                     .eps = Real(1e-9, 1e-3)};
  train.grad_clip = Real(0, 10);
  train.proximal_mu = Real(0, 1);
  return train;
}

JobSpec MessageMaker::Spec() {
  JobSpec spec;
  spec.name = Name();
  spec.model = {.arch = Name(),
                .hyper = {{"a", std::int64_t{-3}},
                          {"b", Real(-1, 1)},
                          {"c", Name()},
                          {"d", std::vector<std::int64_t>{64, 8}}},
                .init = "seed:" + std::to_string(Below(100))};
  spec.data = {.dataset = Name(), .schema_toml = "label = \"é\"\n", .holdout = Real(0, 0.5)};
  spec.train = Train();
  if (Flip()) spec.freeze = {"*.bias", "conv?.*"};
  spec.strategy.name = Name();
  spec.strategy.lr = Real(0.01, 2);
  spec.strategy.mu = spec.strategy.lr / 8;
  spec.strategy.rounds = static_cast<std::uint32_t>(1 + Below(100));
  spec.strategy.weight_by_examples = Flip();
  spec.cohort = {
      .min_clients = 3, .target = 4, .over_selection = Real(0, 1), .min_reports = 3, .max_attempts = 5};
  spec.round.deadline = std::chrono::milliseconds(Below(100000));
  spec.evaluate = {.federated = Flip(), .central = Flip(), .metric = "roc_auc", .maximize = true};
  spec.secagg = {.mode = Flip() ? SecAggMode::kFull : SecAggMode::kOff,
                 .bits = 32,
                 .clip = Real(1, 100),
                 .buffer_clip = Real(1, 100),
                 .max_sites = 40};
  spec.seed = stream_.NextU64() >> 1;
  return spec;
}

std::shared_ptr<const JobManifest> MessageMaker::Manifest() {
  auto manifest = std::make_shared<JobManifest>();
  manifest->id = {stream_.NextU64()};
  manifest->spec = Spec();
  manifest->federation = Name();
  manifest->submitter = Name();
  manifest->tensors = {{"weight", {2, 3}, Role::kParameter, Scope::kExchanged},
                       {"bias", {}, Role::kParameter, Scope::kLocal},
                       {"mean", {3}, Role::kBuffer, Scope::kExchanged},
                       {"seen", {}, Role::kCounter, Scope::kExchanged}};
  manifest->classes = 3;
  manifest->initial_model = Blob();
  manifest->initial_model.size = ParameterSpec::Create(manifest->tensors)->byte_size();
  manifest->digest = ComputeDigest(*manifest);
  return manifest;
}

ClientMessage MessageMaker::Client(std::size_t kind) {
  switch (kind) {
    case 0:
      return Hello{
          .protocol_min = 1, .protocol_max = 3, .software = Name(), .site = Name(), .capabilities = {Name()}};
    case 1:
      return JobReply{{stream_.NextU64()}, static_cast<JobAnswer>(1 + Below(3)), 3201, Name()};
    case 2:
      return Heartbeat{Key(), static_cast<std::int64_t>(Below(1 << 20))};
    case 3: {
      Report report;
      report.key = Key();
      report.kind = Flip() ? RoundKind::kTrain : RoundKind::kEvaluate;
      report.examples = static_cast<std::int64_t>(Below(1000));
      report.layout_hash = stream_.NextU64();
      report.metrics = Metrics();
      return report;
    }
    case 4:
      return RoundDecline{Key(), 7103, Name()};
    default:
      return MaskingToServer{Key(), MaskingBody()};
  }
}

secagg::SealedShare MessageMaker::Sealed(secagg::Position peer) {
  secagg::SealedShare share;
  share.peer = peer;
  Fill(share.sealed);
  Fill(share.mask_key_hash.bytes);
  Fill(share.self_mask_hash.bytes);
  return share;
}

secagg::Advert MessageMaker::Advert() {
  secagg::Advert advert;
  Fill(advert.share_key.bytes);
  Fill(advert.mask_key.bytes);
  Fill(advert.commitment.bytes);
  Fill(advert.signature.bytes);
  return advert;
}

secagg::SiteSet MessageMaker::Set() {
  secagg::SiteSet set(11);
  for (secagg::Position p = 0; p < 11; ++p) {
    if (Flip()) set.Add(p);
  }
  return set;
}

secagg::ToServer MessageMaker::MaskingBody() {
  switch (Below(5)) {
    case 0:
      return Advert();
    case 1: {
      secagg::SharesMessage message{{Sealed(0), Sealed(4)}, {}};
      Fill(message.signature.bytes);
      return message;
    }
    case 2: {
      secagg::AgreementMessage message;
      Fill(message.signature.bytes);
      return message;
    }
    case 3: {
      secagg::UnmaskMessage message;
      message.shares = {{1, secagg::ShareKind::kMaskKey, {}}, {3, secagg::ShareKind::kSelfMask, {}}};
      for (auto& share : message.shares) Fill(share.share);
      Fill(message.signature.bytes);
      return message;
    }
    default: {
      secagg::Complaint message{3, secagg::ComplaintKind::kWrongHash, {}, {}};
      Fill(message.evidence.bytes);
      Fill(message.signature.bytes);
      return message;
    }
  }
}

secagg::ToClient MessageMaker::MaskingAnswer() {
  switch (Below(4)) {
    case 0: {
      secagg::CohortMessage message{.n = 9,
                                    .members = Set(),
                                    .adverts = {{0, 2, Advert()}, {3, 7, Advert()}},
                                    .proof = {},
                                    .signature = {}};
      message.proof.resize(2);
      for (auto& digest : message.proof) Fill(digest.bytes);
      Fill(message.signature.bytes);
      return message;
    }
    case 1: {
      secagg::DeliveryMessage message{Set(), {Sealed(1), Sealed(2)}, {}};
      Fill(message.signature.bytes);
      return message;
    }
    case 2: {
      secagg::SurvivorsMessage message{Set(), {}};
      Fill(message.signature.bytes);
      return message;
    }
    default: {
      secagg::UnmaskRequest message{{{0, {}}, {5, {}}}};
      for (auto& placed : message.agreed) Fill(placed.signature.bytes);
      return message;
    }
  }
}

secagg::MaskedInput MessageMaker::Masked(const BlobRef& vector) {
  secagg::MaskedInput input;
  input.bytes = vector.size;
  std::ranges::copy(vector.sha256, input.object.bytes.begin());
  Fill(input.signature.bytes);
  return input;
}

ServerMessage MessageMaker::Server(std::size_t kind) {
  switch (kind) {
    case 0:
      return Welcome{1, Name(), {stream_.NextU64()}, std::chrono::seconds(Below(100))};
    case 1:
      return Refusal{2105, Name(), 1, 2};
    case 2:
      return JobOffer{Manifest()};
    case 3: {
      RoundPlan plan;
      plan.key = Key();
      plan.kind = Flip() ? RoundKind::kTrain : RoundKind::kEvaluate;
      plan.client = {Below(1000)};
      plan.train = Train();
      plan.evaluate = Flip();
      plan.deadline = std::chrono::seconds(Below(100));
      plan.layout_hash = stream_.NextU64();
      plan.model_ref = Blob();
      if (Flip()) {
        PlanMasking& masking = plan.masking.emplace();
        Fill(masking.context.bytes);
        masking.roster = Name();
      }
      return plan;
    }
    case 4:
      return ReportReceipt{Key(), static_cast<ReportOutcome>(1 + Below(4)), 5101, Name()};
    case 5:
      return RoundClosed{Key(), Flip()};
    case 6:
      return JobEnded{{stream_.NextU64()}, static_cast<JobOutcome>(1 + Below(3)), Name()};
    default:
      return MaskingToClient{Key(), MaskingAnswer()};
  }
}

WorkRequest MessageMaker::Work() {
  WorkRequest request;
  request.kind = Flip() ? RoundKind::kTrain : RoundKind::kEvaluate;
  request.manifest = Manifest();
  request.round = {Below(1000)};
  request.attempt = 2;
  request.client = {Below(1000)};
  request.train = Train();
  request.evaluate = Flip();
  request.model = std::make_shared<const ModelVersion>(ModelVersion{
      request.manifest->initial_model, ParameterSet(*ParameterSpec::Create(request.manifest->tensors))});
  request.dataset_toml = "reader = \"csv\"\n";
  return request;
}

std::shared_ptr<const JobManifest> MessageMaker::PrivateManifest() {
  auto manifest = std::make_shared<JobManifest>(*Manifest());
  JobSpec& spec = manifest->spec;
  spec.privacy.emplace();
  spec.privacy->clip = Real(0.5, 2);
  spec.privacy->noise_multiplier = Real(0.5, 2);
  if (Flip()) spec.privacy->delta = 1e-5;
  spec.strategy.weight_by_examples = false;
  spec.train.grad_clip = 0;
  spec.train.drop_last = false;
  spec.evaluate.federated = false;
  manifest->digest = ComputeDigest(*manifest);
  return manifest;
}

WorkRequest MessageMaker::PrivateWork() {
  WorkRequest request = Work();
  request.kind = RoundKind::kTrain;
  request.manifest = PrivateManifest();
  request.privacy = PrivateTraining{.clip = 1.5,
                                    .noise_multiplier = 0.75,
                                    .sampling_rate = (std::uint64_t{1} << 53) - 1,
                                    .steps = 63,
                                    .expected_lot = 64};
  request.model = std::make_shared<const ModelVersion>(ModelVersion{
      request.manifest->initial_model, ParameterSet(*ParameterSpec::Create(request.manifest->tensors))});
  return request;
}

}  // namespace cairn
