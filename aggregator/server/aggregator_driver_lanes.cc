// The model-sized work of a round: on one lane, in the order it was asked for.
#include "aggregator/server/aggregator_driver.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {

void AggregatorDriver::FoldOnLane(Fold fold) {
  auto box = std::make_shared<Fold>(std::move(fold));
  lane_->Submit(0, [work = active_->work.get(), box](std::size_t lane) {
    if (box->ring != nullptr) {
      work->FoldRing(lane, box->key, box->group, box->ring->bytes());
    } else {
      work->Fold(lane, box->key, box->update->view(), box->weight);
    }
    box->update.reset();
    box->ring.reset();
  });
}

void AggregatorDriver::OpenSumOnLane(const OpenSum& open) {
  lane_->Submit(0, [this, open, work = active_->work.get()](std::size_t) {
    if (open.ring == nullptr) return work->Open(open.key);
    work->OpenRing(open.key, open.ring, open.grouping);
    if (open.kept.size == 0) return;
    const Status put = [&]() -> Status {
      CAIRN_ASSIGN_OR_RETURN(const std::vector<std::byte> sum, models_->GetBytes(open.kept));
      return work->PutRings(sum);
    }();
    if (!put.ok())
      loop_.Post([this, put, job = open.key.job] { StepFor(job, ActionFailed{put, {job, {}}}); });
  });
}

// Behind every fold of the round: the sum that the named survivors will open outlives this process.
void AggregatorDriver::StoreSumOnLane(const RoundKey& key) {
  lane_->Submit(0, [this, key, work = active_->work.get()](std::size_t) {
    auto sum = std::make_shared<Result<BlobRef>>(models_->PutBytes(work->TakeRings()));
    loop_.Post([this, key, sum] {
      if (sum->ok()) return StepFor(key.job, SumStored{key, **sum});
      StepFor(key.job, ActionFailed{sum->status(), {key.job, {}}});
    });
  });
}

// Runs behind every fold of the round, since the lane keeps its order. The model is on disk before
// the engine hears of it.
void AggregatorDriver::FinishOnLane(const Finish& finish) {
  auto central = std::make_shared<std::optional<CentralRelease>>();
  if (finish.central.has_value()) {  // charged before the sum is read
    auto charged =
        budget_.Charge(*active_->snapshot.manifest, finish.key, *finish.central, NoiseBits::FromSystem());
    if (!charged.ok()) {
      return loop_.Post([this, why = charged.status(), key = finish.key] {
        StepFor(key.job, ActionFailed{why, {key.job, {}}});
      });
    }
    central->emplace(*std::move(charged));
  }
  lane_->Submit(0, [this, finish, central, key = finish.key, work = active_->work.get()](std::size_t) {
    auto finished = [&]() -> Result<Finished> {
      Finished done{key, nullptr, {}, {}, {}, {}};
      if (finish.sums.empty()) {
        CAIRN_ASSIGN_OR_RETURN(done.model, work->Finish());
      } else {
        CAIRN_ASSIGN_OR_RETURN(const RoundWork::Opened opened,
                               work->FinishRings(finish.sums, std::exchange(*central, std::nullopt)));
        done.model = opened.model;
        done.share_within = opened.share_within;
        done.counts = opened.counts;
        done.discarded = opened.discarded;
        if (opened.model == work->model()) return done;  // a round of evaluation alone
      }
      CAIRN_RETURN_IF_ERROR(models_->Put(*done.model));
      CAIRN_ASSIGN_OR_RETURN(done.server_state, models_->PutBytes(work->EncodeMemory()));
      return done;
    }();
    auto box = std::make_shared<Result<Finished>>(std::move(finished));
    loop_.Post([this, box, key, is_central = finish.central.has_value()] {
      if (!is_active(key.job)) return;
      if (box->ok() && is_central) {  // before anybody hears of what came of it
        const Status revealed = budget_.Reveal(*active_->snapshot.manifest, key);
        if (!revealed.ok()) *box = revealed;
      }
      if (!box->ok()) return Step(ActionFailed{box->status(), {key.job, {}}});
      ShareModel((*box)->model);
      Step(std::move(**box));
    });
  });
}

void AggregatorDriver::PublishRound(const Publish& publish) {
  Job& job = *active_;
  if (publish.summary.kind == RoundKind::kTrain) {
    lane_->Drain();  // nothing but late folds of this round, which are ignored
    job.work->Adopt();
    ForgetOldModels();
  }
  observer_.OnRound(*job.snapshot.manifest, publish.summary, publish.model);
}

// What no record names any more goes: a long job keeps one model on disk, not one a round.
void AggregatorDriver::ForgetOldModels() const {
  std::vector<BlobRef> kept;
  for (const auto& job : jobs_) {
    kept.insert(kept.end(),
                {job->snapshot.manifest->initial_model, job->snapshot.model, job->snapshot.server_state});
  }
  models_->KeepOnly(kept);
}

}  // namespace cairn
