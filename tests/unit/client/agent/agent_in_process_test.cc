// A site's whole stack but for processes and sockets: driver, store in files, lanes, a worker that
// trains a real task, and the in-process transport in both of its modes, against a small aggregator.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>

#include "client/agent/agent_driver.h"
#include "client/agent/file_agent_storage.h"
#include "client/learning/initial_model.h"
#include "client/learning/linear_task.h"
#include "client/learning/local_round.h"
#include "core/runtime/files.h"
#include "protocol/messages/blob_ref.h"
#include "protocol/messages/manifest.h"
#include "protocol/transport/in_process_hub.h"
#include "tests/unit/client/agent/driver_world.h"
#include "tests/unit/client/learning/made_examples.h"

namespace cairn {
namespace {

JobSpec LinearJob() {
  JobSpec spec;
  spec.name = "cardio-linear";
  spec.model.arch = "linear";
  spec.model.hyper = {{"inputs", std::int64_t{4}}, {"outputs", std::int64_t{2}}};
  spec.data.dataset = "cardio";
  spec.train.steps = 5;
  spec.secagg.mode = SecAggMode::kOff;
  spec.cohort.min_clients = 4;
  return spec;
}

struct LinearWorld {
  LinearWorld() : spec(LinearJob()) {
    auto values = InitialModel(factory, spec.model, {}, {});
    EXPECT_TRUE(values.ok()) << values.status().ToString();
    auto made = std::make_shared<JobManifest>();
    made->id = JobId{5};
    made->spec = spec;
    made->federation = "heartnet";
    made->submitter = "dr-lang";
    made->tensors = values->spec().tensors();
    made->initial_model = BlobRefOf(values->bytes());
    made->digest = ComputeDigest(*made);
    model = std::make_shared<ModelVersion>(ModelVersion{made->initial_model, std::move(*values)});
    manifest = std::move(made);
  }
  UpdateLayout layout() const { return LayoutOf(model->values.spec()); }

  LinearTaskFactory factory;
  JobSpec spec;
  ModelHandle model;
  std::shared_ptr<const JobManifest> manifest;
  std::shared_ptr<const ExampleSource> data =
      std::make_shared<MadeExamples>(std::vector<std::int64_t>{4}, 2, 60, 3);
};

// The local weights after a round and the model it began from.
class TrainedUpdate final : public UpdatePayload {
 public:
  TrainedUpdate(std::unique_ptr<LearningTask> task, ModelHandle base)
      : task_(std::move(task)), base_(std::move(base)) {}
  UpdateView view() const override {
    UpdateView view;
    view.local_parameters = task_->state().parameters();
    view.base_parameters = base_->values.parameters();
    view.weight = 0.25;
    return view;
  }

 private:
  std::unique_ptr<LearningTask> task_;
  ModelHandle base_;
};

Result<WorkResult> TrainOnce(const LinearWorld& world, const WorkRequest& request) {
  CAIRN_ASSIGN_OR_RETURN(auto task, world.factory.Create(request.manifest->spec.model, {}));
  CAIRN_ASSIGN_OR_RETURN(LocalRound round,
                         RunLocalRound(*task, request, *world.data, Subset(world.data, {}),
                                       SeededRandom(request.manifest->spec.seed), SystemNoise(), {}, {}));
  WorkResult result;
  result.report = round.report;
  result.metrics = std::move(round.metrics);
  result.update = std::make_shared<TrainedUpdate>(std::move(task), request.model);
  return result;
}

class TaskWorker final : public WorkerClient {
 public:
  explicit TaskWorker(const LinearWorld& world) : world_(world) {}
  void Start(WorkRequest request, WorkHandler& handler) override {
    ++pieces;
    lane_.SubmitAny([this, request = std::move(request), &handler](std::size_t) {
      handler.OnDone(TrainOnce(world_, request));
    });
  }
  void Kill() override {}
  void Drain() { lane_.Drain(); }
  std::atomic<int> pieces = 0;

 private:
  const LinearWorld& world_;
  LanePool lane_{1};
};

// Welcomes a site, offers the job, asks for one round, and keeps what it is sent.
class OneRoundAggregator final : public ServerHandler, public BlobCatalog {
 public:
  OneRoundAggregator(const LinearWorld& world, ServerTransport& transport)
      : world_(world), transport_(transport) {}

  void OnOpen(SessionId session, PeerInfo) override { last_session = session; }
  void OnMessage(SessionId session, ClientMessage message) override {
    if (std::holds_alternative<Hello>(message)) {
      transport_.Send(session, Welcome{});
      transport_.Send(session, JobOffer{world_.manifest});
    } else if (const auto* reply = std::get_if<JobReply>(&message)) {
      answer = reply->answer;
      if (answer == JobAnswer::kAccept) transport_.Send(session, Plan());
    } else if (auto* report = std::get_if<Report>(&message)) {
      reports.push_back(std::move(*report));
    } else if (const auto* decline = std::get_if<RoundDecline>(&message)) {
      declined = decline->reason;
    }
  }
  void OnClose(SessionId, Status) override {}
  Result<UpdateLayout> LayoutFor(JobId) const override { return world_.layout(); }
  ModelHandle FindModel(const BlobRef& ref) const override {
    return ref == world_.model->ref ? world_.model : nullptr;
  }

  RoundPlan Plan() const {
    RoundPlan plan;
    plan.key = {world_.manifest->id, RoundId{1}, 1};
    plan.train = world_.spec.train;
    plan.layout_hash = world_.layout().hash;
    plan.model_ref = world_.model->ref;
    plan.model = world_.model;
    return plan;
  }

  SessionId last_session;
  JobAnswer answer = JobAnswer::kPending;
  std::vector<Report> reports;
  std::string declined;

 private:
  const LinearWorld& world_;
  ServerTransport& transport_;
};

class AgentInProcessTest : public testing::TestWithParam<TransportMode> {
 protected:
  AgentInProcessTest()
      : aggregator_(world_, hub_.server()), folder_(std::move(*TempFolder::Create(testing::TempDir()))) {
    EXPECT_TRUE(hub_.server().Start(aggregator_, aggregator_).ok());
    channel_ = hub_.NewChannel({"heartnet", "site", "site-a"});
    Restart();
  }

  // A new process: another store over the same folder, another driver, another worker.
  void Restart() {
    driver_.reset();
    store_.reset();
    worker_ = std::make_unique<TaskWorker>(world_);
    AgentDriverConfig config = DriverWorld::Willing();
    store_ =
        std::move(*AgentStore::Open(std::move(*FileAgentStorage::Create(folder_.path())),
                                    {EgressGuard::Limits::Of(config.client.policy), "agg:1"}, wall_clock_));
    driver_ = std::make_unique<AgentDriver>(
        config, AgentParts{*channel_,
                           *worker_,
                           *store_,
                           timers_,
                           [this](std::function<void()> f) { Post(std::move(f)); },
                           lanes_,
                           clock_,
                           wall_clock_,
                           random_,
                           events_,
                           {},
                           nullptr,
                           nullptr});
  }
  void Post(std::function<void()> function) {
    const std::scoped_lock lock(mutex_);
    queue_.push_back(std::move(function));
  }
  void Settle() {
    for (;;) {
      worker_->Drain();
      lanes_.Drain();
      std::function<void()> next;
      {
        const std::scoped_lock lock(mutex_);
        if (queue_.empty()) return;
        next = std::move(queue_.front());
        queue_.pop_front();
      }
      next();
    }
  }
  static std::vector<std::byte> Bytes(const UpdateHandle& update, const UpdateLayout& layout) {
    std::vector<std::byte> bytes(layout.byte_size());
    MaterializeUpdate(update->view(), bytes);
    return bytes;
  }

  LinearWorld world_;
  InProcessHub hub_{GetParam()};
  OneRoundAggregator aggregator_;
  TempFolder folder_;
  std::unique_ptr<ClientChannel> channel_;
  ManualClock clock_;
  ManualWallClock wall_clock_;
  ManualTimers timers_;
  SeededRandom random_{1};
  EventRecorder events_;
  std::mutex mutex_;
  std::deque<std::function<void()>> queue_;
  LanePool lanes_{2};
  std::unique_ptr<TaskWorker> worker_;
  std::unique_ptr<AgentStore> store_;
  std::unique_ptr<AgentDriver> driver_;
};

TEST_P(AgentInProcessTest, TrainedUpdateArrivesBitForBit) {
  driver_->Start();
  Settle();
  EXPECT_EQ(aggregator_.answer, JobAnswer::kAccept);
  ASSERT_EQ(aggregator_.reports.size(), 1u) << aggregator_.declined;
  EXPECT_TRUE(aggregator_.reports[0].fault.ok()) << aggregator_.reports[0].fault.ToString();

  WorkRequest request;
  request.manifest = world_.manifest;
  request.round = RoundId{1};
  request.attempt = 1;
  request.train = world_.spec.train;
  request.evaluate = false;
  request.model = world_.model;
  const auto alone = TrainOnce(world_, request);
  ASSERT_TRUE(alone.ok()) << alone.status().ToString();
  EXPECT_EQ(Bytes(aggregator_.reports[0].update, world_.layout()), Bytes(alone->update, world_.layout()));
  EXPECT_EQ(aggregator_.reports[0].update->view().weight, 0.25);
  EXPECT_EQ(aggregator_.reports[0].examples, 60);
}

TEST_P(AgentInProcessTest, LostLinkIsOpenedAgainAndTheSameReportIsSentWithoutTraining) {
  driver_->Start();
  Settle();
  ASSERT_EQ(aggregator_.reports.size(), 1u);
  hub_.Cut(aggregator_.last_session, Status(errors::kNetLost, "cut"));
  Settle();
  ASSERT_TRUE(timers_.pending.contains(ClientAgent::kLinkTimer));
  driver_->OnTimer(ClientAgent::kLinkTimer);
  Settle();
  EXPECT_EQ(worker_->pieces, 1);
  ASSERT_GE(aggregator_.reports.size(), 2u);
  EXPECT_EQ(Bytes(aggregator_.reports[0].update, world_.layout()),
            Bytes(aggregator_.reports.back().update, world_.layout()));
}

TEST_P(AgentInProcessTest, RestartedProcessSendsTheStoredReport) {
  driver_->Start();
  Settle();
  ASSERT_EQ(aggregator_.reports.size(), 1u);
  driver_->Stop();
  Settle();
  Restart();
  driver_->Start();
  Settle();
  EXPECT_EQ(worker_->pieces, 0);
  ASSERT_GE(aggregator_.reports.size(), 2u);
  EXPECT_EQ(Bytes(aggregator_.reports[0].update, world_.layout()),
            Bytes(aggregator_.reports.back().update, world_.layout()));
}

TEST_P(AgentInProcessTest, EgressRecordNamesTheUpdateByItsHashOnTheWire) {
  driver_->Start();
  Settle();
  ASSERT_EQ(aggregator_.reports.size(), 1u);
  const auto left = store_->EgressSince({});
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(std::get<EgressEntry>(left[0].body).object,
            BlobRefOf(Bytes(aggregator_.reports[0].update, world_.layout())));
}

INSTANTIATE_TEST_SUITE_P(Direct, AgentInProcessTest, testing::Values(TransportMode::kDirect));
INSTANTIATE_TEST_SUITE_P(Wire, AgentInProcessTest, testing::Values(TransportMode::kWire));

}  // namespace
}  // namespace cairn
