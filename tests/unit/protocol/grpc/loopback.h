#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/runtime/files.h"
#include "protocol/grpc/grpc_client_channel.h"
#include "protocol/grpc/grpc_server.h"
#include "tests/unit/privacy/crypto/test_federation.h"

// An aggregator and sites on the loopback interface, with certificates of a federation made for the
// test; handlers that record what they hear and wait with a deadline, never by sleeping.

namespace cairn {

inline constexpr std::chrono::seconds kPatience{20};

// What was heard so far. Elements stay where they are, so that one can be read while the next comes in.
template <class T>
class Heard {
 public:
  void push_back(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    values_.clear();
  }
  const T& operator[](std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return values_[index];
  }
  const T& back() const {
    const std::lock_guard lock(mutex_);
    return values_.back();
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return values_.size();
  }
  bool empty() const { return size() == 0; }

 private:
  mutable std::mutex mutex_;
  std::deque<T> values_;  // guarded by mutex_
};

class Recorder {
 public:
  template <class Predicate>
  [[nodiscard]] bool Await(Predicate predicate) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, predicate);
  }

 protected:
  template <class Change>
  void Note(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
};

class RecordingServer final : public Recorder, public ServerHandler {
 public:
  void OnOpen(SessionId session, PeerInfo peer) override {
    Note([&] { opened.push_back({session, std::move(peer)}); });
  }
  void OnMessage(SessionId, ClientMessage message) override {
    Note([&] { messages.push_back(std::move(message)); });
  }
  void OnClose(SessionId session, Status reason) override {
    Note([&] { closed.push_back({session, std::move(reason)}); });
  }
  bool AwaitMessages(std::size_t count) const {
    return Await([&] { return messages.size() >= count; });
  }
  bool AwaitOpened(std::size_t count) const {
    return Await([&] { return opened.size() >= count; });
  }
  bool AwaitClosed(std::size_t count) const {
    return Await([&] { return closed.size() >= count; });
  }
  Heard<std::pair<SessionId, PeerInfo>> opened;
  Heard<ClientMessage> messages;
  Heard<std::pair<SessionId, Status>> closed;
};

class RecordingClient final : public Recorder, public ClientHandler {
 public:
  void OnOpen() override {
    Note([&] { ++opened; });
  }
  void OnMessage(ServerMessage message) override {
    Note([&] { messages.push_back(std::move(message)); });
  }
  void OnClose(Status reason) override {
    Note([&] { closed.push_back(std::move(reason)); });
  }
  bool AwaitOpened() const {
    return Await([&] { return opened > 0; });
  }
  bool AwaitMessages(std::size_t count) const {
    return Await([&] { return messages.size() >= count; });
  }
  bool AwaitClosed(std::size_t count = 1) const {
    return Await([&] { return closed.size() >= count; });
  }
  std::atomic<int> opened = 0;
  Heard<ServerMessage> messages;
  Heard<Status> closed;
};

class TestCatalog final : public BlobCatalog {
 public:
  Result<UpdateLayout> LayoutFor(JobId job) const override {
    const auto found = specs.find(job);
    if (found == specs.end()) return Status(errors::kNotFound, "no such job");
    return LayoutOf(found->second);
  }
  ModelHandle FindModel(const BlobRef& ref) const override {
    return model != nullptr && model->ref == ref ? model : nullptr;
  }
  std::map<JobId, ParameterSpec> specs;
  ModelHandle model;
};

// A plain vector of `size` parameters.
ParameterSpec VectorSpec(std::int64_t size);
ModelHandle MakeModel(const ParameterSpec& spec, float start);

// An update whose numbers are start, start + step, …
class TestUpdate final : public UpdatePayload {
 public:
  TestUpdate(const ParameterSpec& spec, float start, float step);
  UpdateView view() const override {
    UpdateView view;
    view.local_parameters = values_;
    view.scale = 0.5f;
    view.weight = 0.25;
    return view;
  }
  const std::vector<float>& values() const { return values_; }

 private:
  std::vector<float> values_;
};

class Loopback {
 public:
  Loopback();
  TlsFiles Member(const std::string& name, PeerRole role = PeerRole::kSite);
  std::unique_ptr<GrpcServer> NewServer(std::function<void(GrpcServerConfig&)> adjust = {});
  Result<std::unique_ptr<GrpcClientChannel>> NewChannel(const TlsFiles& files, std::uint16_t port);
  const std::filesystem::path& folder() const { return folder_.path(); }
  const TestFederation& federation() const { return federation_; }
  const TlsFiles& server_files() const { return server_files_; }

 private:
  TlsFiles Write(const std::string& name, const TlsKey& key, const Certificate& leaf);

  TempFolder folder_;
  TestFederation federation_;
  TlsFiles server_files_;
};

Hello HelloOf(std::string site);

// Forwards bytes between a client and a server until it has passed `limit` bytes upstream, then cuts
// both connections; later connections pass whole. As an HTTP proxy it takes a CONNECT first, to whatever
// name, and leads to the same server.
class CuttingProxy {
 public:
  enum class Kind : std::uint8_t { kPlain, kHttp };
  CuttingProxy(std::uint16_t target, std::uint64_t limit, Kind kind = Kind::kPlain);
  ~CuttingProxy();
  std::uint16_t port() const { return port_; }

 private:
  class Core;
  std::unique_ptr<Core> core_;
  std::uint16_t port_ = 0;
};

}  // namespace cairn
