#include "protocol/transport/in_process_hub.h"

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "protocol/transport/wire_form.h"

namespace cairn {
namespace {

// One session, seen from both ends. Only the delivering thread touches it, but for the ids.
struct Link {
  SessionId session;
  PeerInfo peer;
  ClientHandler* client = nullptr;  // null once the channel is gone
  bool is_open = false;
  std::map<JobId, ParameterSpec> specs;  // what the client has learnt
  ModelHandle last_model;                // as the client received it
};

}  // namespace

// The queue and the links. Every effect is a job in the queue, so the order of effects is the order
// of calls, whoever makes them.
class InProcessHub::Core {
 public:
  explicit Core(TransportMode mode) : mode_(mode) {}

  void Post(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(job));
      if (is_delivering_) return;
      is_delivering_ = true;
    }
    Deliver();
  }

  // ---- run inside the queue

  void Start(ServerHandler& handler, const BlobCatalog& catalog) {
    server_ = &handler;
    catalog_ = &catalog;
  }

  void Open(const std::shared_ptr<Link>& link) {
    if (server_ == nullptr) {
      if (link->client != nullptr)
        link->client->OnClose(Status(errors::kNetRefused, "no aggregator was started"));
      return;
    }
    link->session = {++last_session_};
    link->is_open = true;
    links_[link->session] = link;
    server_->OnOpen(link->session, link->peer);
    if (link->is_open && link->client != nullptr) link->client->OnOpen();
  }

  void ToServer(const std::shared_ptr<Link>& link, ClientMessage message) {
    if (!link->is_open) return;
    if (mode_ == TransportMode::kWire) {
      auto received = ThroughWire(message, *catalog_, &traffic_.up);
      if (!received.ok()) return Close(link, received.status());
      message = std::move(*received);
    }
    server_->OnMessage(link->session, std::move(message));
  }

  void ToClient(SessionId session, ServerMessage message) {
    const std::shared_ptr<Link> link = Find(session);
    if (link == nullptr) return;
    if (mode_ == TransportMode::kWire) {
      auto received =
          ThroughWire(message, *catalog_, SpecFor(*link, message), link->last_model, &traffic_.down);
      if (!received.ok()) return Close(link, received.status());
      message = std::move(*received);
    }
    if (auto* plan = std::get_if<RoundPlan>(&message)) {
      if (plan->model == nullptr) plan->model = catalog_->FindModel(plan->model_ref);
      if (mode_ == TransportMode::kWire) link->last_model = plan->model = Shared(std::move(plan->model));
    }
    if (link->client != nullptr) link->client->OnMessage(std::move(message));
  }

  // By value: the entry that held it goes.
  void Close(std::shared_ptr<Link> link, const Status& reason) {
    if (!std::exchange(link->is_open, false)) return;
    links_.erase(link->session);
    link->last_model.reset();
    server_->OnClose(link->session, reason);
    if (link->client != nullptr) link->client->OnClose(reason);
  }

  void Close(SessionId session, const Status& reason) {
    if (const auto link = Find(session)) Close(link, reason);
  }

  Traffic traffic() const { return traffic_; }

  void CloseAll(const Status& reason) {
    while (!links_.empty()) Close(links_.begin()->second, reason);
  }

  // The hub goes: its server's handler may go too.
  void Stop() {
    CloseAll(Status(errors::kNetLost, "the transport was shut down"));
    server_ = nullptr;
  }

 private:
  void Deliver() {
    for (;;) {
      std::function<void()> job;
      {
        const std::lock_guard lock(mutex_);
        if (queue_.empty()) {
          is_delivering_ = false;
          return;
        }
        job = std::move(queue_.front());
        queue_.pop_front();
      }
      job();
    }
  }

  // Thousands of clients that received the same bytes, each checked against their hash, keep one copy.
  ModelHandle Shared(ModelHandle received) {
    const ModelHandle known = received_model_.lock();
    if (known != nullptr && known->ref == received->ref) return known;
    received_model_ = received;
    return received;
  }

  std::shared_ptr<Link> Find(SessionId session) const {
    const auto found = links_.find(session);
    return found == links_.end() ? nullptr : found->second;
  }

  static const ParameterSpec* SpecFor(const Link& link, const ServerMessage& message) {
    const auto* plan = std::get_if<RoundPlan>(&message);
    if (plan == nullptr) return nullptr;
    const auto found = link.specs.find(plan->key.job);
    return found == link.specs.end() ? nullptr : &found->second;
  }

  const TransportMode mode_;
  std::mutex mutex_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  bool is_delivering_ = false;               // guarded by mutex_
  ServerHandler* server_ = nullptr;
  const BlobCatalog* catalog_ = nullptr;
  std::uint64_t last_session_ = 0;
  Traffic traffic_;
  std::weak_ptr<const ModelVersion> received_model_;
  std::map<SessionId, std::shared_ptr<Link>> links_;
};

class InProcessHub::Server final : public ServerTransport {
 public:
  explicit Server(std::shared_ptr<Core> core) : core_(std::move(core)) {}

  Status Start(ServerHandler& handler, const BlobCatalog& catalog) override {
    core_->Post([core = core_.get(), &handler, &catalog] { core->Start(handler, catalog); });
    return {};
  }
  void Send(SessionId session, ServerMessage message) override {
    core_->Post([core = core_.get(), session, message = std::move(message)]() mutable {
      core->ToClient(session, std::move(message));
    });
  }
  void Close(SessionId session, Status reason) override {
    core_->Post([core = core_.get(), session, reason = std::move(reason)] { core->Close(session, reason); });
  }
  void Shutdown(Duration) override {
    core_->Post(
        [core = core_.get()] { core->CloseAll(Status(errors::kNetLost, "the aggregator shuts down")); });
  }

 private:
  const std::shared_ptr<Core> core_;
};

class InProcessHub::Channel final : public ClientChannel {
 public:
  Channel(std::shared_ptr<Core> core, PeerInfo peer) : core_(std::move(core)), peer_(std::move(peer)) {}
  ~Channel() override {
    if (auto link = CurrentLink()) {
      core_->Post([core = core_, link = std::move(link)] {
        link->client = nullptr;
        core->Close(link, Status());
      });
    }
  }

  void Open(ClientHandler& handler) override {
    auto link = std::make_shared<Link>();
    link->peer = peer_;
    link->client = &handler;
    {
      const std::lock_guard lock(mutex_);
      link->specs = specs_;
      link_ = link;
    }
    core_->Post([core = core_, link] { core->Open(link); });
  }
  void Send(ClientMessage message) override {
    core_->Post([core = core_, link = CurrentLink(), message = std::move(message)]() mutable {
      if (link != nullptr) core->ToServer(link, std::move(message));
    });
  }
  void Close() override {
    core_->Post([core = core_, link = CurrentLink()] {
      if (link != nullptr) core->Close(link, Status());
    });
  }
  void LearnJob(JobId job, ParameterSpec spec) override {
    std::shared_ptr<Link> link;
    {
      const std::lock_guard lock(mutex_);
      specs_[job] = spec;
      link = link_;
    }
    if (link == nullptr) return;
    core_->Post([link = std::move(link), job, spec = std::move(spec)]() mutable {
      link->specs[job] = std::move(spec);
    });
  }

 private:
  std::shared_ptr<Link> CurrentLink() const {
    const std::lock_guard lock(mutex_);
    return link_;
  }

  const std::shared_ptr<Core> core_;
  const PeerInfo peer_;
  mutable std::mutex mutex_;
  std::shared_ptr<Link> link_;            // guarded by mutex_; shared with the queue
  std::map<JobId, ParameterSpec> specs_;  // guarded by mutex_
};

InProcessHub::InProcessHub(TransportMode mode)
    : core_(std::make_shared<Core>(mode)), server_(std::make_unique<Server>(core_)) {}
InProcessHub::~InProcessHub() {
  core_->Post([core = core_.get()] { core->Stop(); });
}

ServerTransport& InProcessHub::server() { return *server_; }

InProcessHub::Traffic InProcessHub::traffic() const { return core_->traffic(); }

std::unique_ptr<ClientChannel> InProcessHub::NewChannel(PeerInfo peer) {
  return std::make_unique<Channel>(core_, std::move(peer));
}

void InProcessHub::Cut(SessionId session, Status reason) {
  core_->Post([core = core_.get(), session, reason = std::move(reason)] { core->Close(session, reason); });
}

}  // namespace cairn
