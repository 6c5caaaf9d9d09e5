#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "client/agent/agent_driver.h"
#include "client/agent/memory_agent_storage.h"
#include "tests/unit/client/agent/agent_world.h"

// A driver with everything around it under a test's hand: a loop that runs when told, a channel and a
// worker that do nothing by themselves, a wall clock that stands still.

namespace cairn {

class ManualWallClock final : public WallClock {
 public:
  std::chrono::system_clock::time_point Now() const override { return now; }
  WallTime now = WallTime(std::chrono::hours(24 * 365 * 50) + std::chrono::hours(12));
};

class ManualTimers final : public TimerService {
 public:
  void Set(TimerId id, TimePoint at) override { pending[id] = at; }
  void Cancel(TimerId id) override { pending.erase(id); }
  std::map<TimerId, TimePoint> pending;
};

class ScriptedChannel final : public ClientChannel {
 public:
  void Open(ClientHandler& to) override {
    handler = &to;
    ++opened;
  }
  void Send(ClientMessage message) override { sent.push_back(std::move(message)); }
  void Close() override { handler->OnClose(Status(errors::kNetLost, "closed by this side")); }
  void LearnJob(JobId job, ParameterSpec spec) override { learned[job] = spec.layout_hash(); }

  template <class T>
  const T* Last() const {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it) {
      if (const T* found = std::get_if<T>(&*it)) return found;
    }
    return nullptr;
  }

  ClientHandler* handler = nullptr;
  int opened = 0;
  std::vector<ClientMessage> sent;
  std::map<JobId, std::uint64_t> learned;
};

class ScriptedWorker final : public WorkerClient {
 public:
  void Start(WorkRequest request, WorkHandler& to) override {
    started.push_back(std::move(request));
    handler = &to;
  }
  void Kill() override { ++killed; }

  WorkHandler* handler = nullptr;
  std::vector<WorkRequest> started;
  int killed = 0;
};

class EventRecorder final : public EventSink {
 public:
  void Emit(const DomainEvent& event) override { names.push_back(event.name); }
  std::vector<std::string> names;
};

class DriverWorld {
 public:
  using Memory = MemoryAgentStorage::Memory;

  explicit DriverWorld(std::shared_ptr<Memory> with = std::make_shared<Memory>(),
                       AgentDriverConfig config = Willing(), PrivacyDesk* desk = nullptr)
      : memory(std::move(with)),
        store(*AgentStore::Open(std::make_unique<MemoryAgentStorage>(memory),
                                {EgressGuard::Limits::Of(config.client.policy), "agg:1"}, wall_clock)),
        driver(std::move(config),
               {channel, worker, *store, timers, [this](std::function<void()> f) { Post(std::move(f)); },
                lanes, clock, wall_clock, random, events,
                [this](const Status& status) { ended.push_back(status); }, nullptr, nullptr, desk}) {}

  static AgentDriverConfig Willing() {
    AgentDriverConfig config;
    config.client.site = "site-a";
    config.client.federation = "heartnet";
    config.client.aggregator_address = "agg:1";
    config.client.policy = WillingPolicy();
    config.client.dataset_toml["cardio"] = "reader = \"csv\"\n";
    return config;
  }

  void Post(std::function<void()> function) {
    const std::scoped_lock lock(mutex);
    queue.push_back(std::move(function));
  }
  // Runs everything that is due, lanes included, until nothing is left.
  void Settle() {
    for (;;) {
      lanes.Drain();
      std::function<void()> next;
      {
        const std::scoped_lock lock(mutex);
        if (queue.empty()) return;
        next = std::move(queue.front());
        queue.pop_front();
      }
      next();
    }
  }
  void Hear(ServerMessage message) {
    channel.handler->OnMessage(std::move(message));
    Settle();
  }
  void TakePart(const ManifestTerms& terms = {}) {
    driver.Start();
    channel.handler->OnOpen();
    Hear(Welcome{});
    Hear(JobOffer{MakeManifest(terms)});
  }
  void Plan(RoundKey key) {
    RoundPlan plan;
    plan.key = key;
    plan.layout_hash = SmallLayout().hash;
    auto model = std::make_shared<ModelVersion>();
    auto spec = ParameterSpec::Create(SmallModel());
    model->values = ParameterSet(std::move(*spec));
    plan.model = std::move(model);
    Hear(std::move(plan));
  }
  void FinishWork(Result<WorkResult> result = MakeWork()) {
    worker.handler->OnDone(std::move(result));
    Settle();
  }

  std::shared_ptr<Memory> memory;
  ManualClock clock;
  ManualWallClock wall_clock;
  ManualTimers timers;
  SeededRandom random{42};
  ScriptedChannel channel;
  ScriptedWorker worker;
  EventRecorder events;
  std::mutex mutex;
  std::deque<std::function<void()>> queue;
  LanePool lanes{1};
  std::vector<Status> ended;
  std::unique_ptr<AgentStore> store;
  AgentDriver driver;
};

}  // namespace cairn
