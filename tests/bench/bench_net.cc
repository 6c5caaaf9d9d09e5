// What it costs to receive updates: TLS, frames, CRC-32C, spool, SHA-256, checks and the exact fold,
// against a raw gRPC stream of the same chunks over the same TLS that only checks CRC-32C and SHA-256
// and keeps nothing. Both in one run, in turn; senders are a process of their own.
//
// Sites stay connected from round to round, as in a job. The first round writes fresh files and is told
// apart from the later ones, which overwrite the files of updates that were folded.
//
//   cairn_bench_net [repeats] [parameters]          peak memory for 4, 16, 64 sites, then throughput ratios
//   cairn_bench_net REPEATS PARAMETERS SITES        only the ratios, for that many sites
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "core/runtime/files.h"
#include "core/tensor/exact_sum.h"
#include "net_parts.h"
#include "protocol/grpc/grpc_server.h"
#include "tests/unit/privacy/crypto/test_federation.h"

extern char** environ;

namespace cairn::bench {
namespace {

using Clock = std::chrono::steady_clock;

void WriteCertificates(const std::filesystem::path& folder, int clients) {
  const TestFederation federation;
  const auto write = [&](const std::string& name, const TlsKey& key, const Certificate& leaf) {
    const TlsFiles files = FilesOf(folder, name);
    const std::vector<Certificate> chain = {leaf, federation.issuer},
                                   roots = {federation.issuer, federation.root};
    CAIRN_CHECK(WriteFileAtomically(files.certificate, ToPem(chain), 0644).ok(), "certificate");
    CAIRN_CHECK(WriteFileAtomically(files.roots, ToPem(roots), 0644).ok(), "roots");
    CAIRN_CHECK(key.Save(files.key).ok(), "key");
  };
  const auto server = TlsKey::Generate();
  write("server", server, federation.Server(server.public_key(), {"127.0.0.1"}));
  for (int i = 0; i < clients; ++i) {
    const auto key = TlsKey::Generate();
    const std::string name = "site-" + std::to_string(i);
    write(name, key, federation.Leaf(PeerRole::kSite, name, key.public_key()));
  }
}

// The sending process; its standard input and output are pipes of ours.
class Sender {
 public:
  explicit Sender(const SendOrder& order) {
    int to[2], from[2];
    CAIRN_CHECK(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0, "pipes");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from[1], 1);
    std::vector<std::string> words = {"cairn_bench_net",
                                      "send",
                                      order.is_raw ? "raw" : "ours",
                                      std::to_string(order.port),
                                      order.folder.string(),
                                      std::to_string(order.clients),
                                      std::to_string(order.parameters)};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    CAIRN_CHECK(posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ) == 0, "spawn");
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    in_ = to[1];
    out_ = from[0];
  }
  ~Sender() {
    close(in_);
    close(out_);
    waitpid(pid_, nullptr, 0);
  }
  void AwaitReady() {
    char byte;
    CAIRN_CHECK(read(out_, &byte, 1) == 1, "the senders are ready");
  }
  void Go() { CAIRN_CHECK(write(in_, "g", 1) == 1, "go"); }

 private:
  pid_t pid_ = 0;
  int in_ = -1, out_ = -1;
};

class Count {
 public:
  void Up() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  void Await(int wanted) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= wanted; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// The engine's part: one folding thread, one accumulator.
class Folder final : public ServerHandler, public BlobCatalog {
 public:
  explicit Folder(std::int64_t parameters)
      : layout_(LayoutOf(Vector(parameters))),
        sum_(layout_),
        thread_([this](std::stop_token stop) { Run(stop); }) {}
  void OnOpen(SessionId, PeerInfo) override {}
  void OnClose(SessionId, Status) override {}
  void OnMessage(SessionId, ClientMessage message) override {
    auto* report = std::get_if<Report>(&message);
    if (report == nullptr) return;
    CAIRN_CHECK(report->fault.ok() && report->update != nullptr, report->fault.what().c_str());
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(report->update));
    changed_.notify_all();
  }
  Result<UpdateLayout> LayoutFor(JobId) const override { return layout_; }
  ModelHandle FindModel(const BlobRef&) const override { return nullptr; }
  Count& folded() { return folded_; }

 private:
  void Run(std::stop_token stop) {
    for (;;) {
      UpdateHandle update;
      {
        std::unique_lock lock(mutex_);
        if (!changed_.wait(lock, stop, [this] { return !queue_.empty(); })) return;
        update = std::move(queue_.front());
        queue_.pop_front();
      }
      const UpdateView view = update->view();
      Accumulate(std::span(&view, 1), sum_);
      update.reset();
      folded_.Up();
    }
  }

  const UpdateLayout layout_;
  Partial sum_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<UpdateHandle> queue_;
  Count folded_;
  std::jthread thread_;
};

std::uint64_t StatusKilobytes(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) return std::strtoull(line.c_str() + key.size() + 1, nullptr, 10);
  }
  return 0;
}
void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

// Rounds of one receiver, each timed from the word to send until `count` has seen every site's object.
class Rounds {
 public:
  Rounds(const SendOrder& order, Count& count) : clients_(order.clients), count_(count), sender_(order) {}
  double Next() {
    sender_.AwaitReady();
    const auto start = Clock::now();
    sender_.Go();
    count_.Await(expected_ += clients_);
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

 private:
  const int clients_;
  int expected_ = 0;
  Count& count_;
  Sender sender_;
};

class Ours {
 public:
  Ours(const std::filesystem::path& folder, int clients, std::int64_t parameters)
      : state_(TempFolder::Create(folder, "state-").value()), engine_(parameters) {
    server_ = GrpcServer::Create({.address = "127.0.0.1:0",
                                  .tls = FilesOf(folder, "server"),
                                  .state_dir = state_.path(),
                                  .authorize = {}})
                  .value();
    CAIRN_CHECK(server_->Start(engine_, engine_).ok(), "server");
    rounds_.emplace(SendOrder{false, server_->port(), folder, clients, parameters}, engine_.folded());
  }
  double Round() { return rounds_->Next(); }

 private:
  const TempFolder state_;
  Folder engine_;
  std::unique_ptr<GrpcServer> server_;
  std::optional<Rounds> rounds_;  // the last: sites go first
};

class Raw {
 public:
  Raw(const std::filesystem::path& folder, int clients, std::int64_t parameters)
      : server_(FilesOf(folder, "server"), [this] { received_.Up(); }),
        rounds_({true, server_.port(), folder, clients, parameters}, received_) {}
  double Round() { return rounds_.Next(); }

 private:
  Count received_;
  RawServer server_;
  Rounds rounds_;
};

double Quantile(std::vector<double> values, double q) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

// Ratios are made of neighbouring rounds, so that what slows the machine for a while slows both.
void Tell(const char* what, int clients, double gigabytes, const std::vector<double>& ours,
          const std::vector<double>& raw) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(raw[i] / ours[i]);
  const double low = Quantile(ratios, 0.25), middle = Quantile(ratios, 0.5), high = Quantile(ratios, 0.75);
  std::printf("%s, %2d sites: ours %.2f GB/s, raw %.2f GB/s, ratio %.2f (25-75%%: %.2f-%.2f)%s\n", what,
              clients, gigabytes / Quantile(ours, 0.5), gigabytes / Quantile(raw, 0.5), middle, low, high,
              high - low > 0.15 * middle ? " noisy" : "");
}

// One receiver lives at a time: the pollers of gRPC are shared within a process. Each has its senders
// for a first round and three later ones, as often as `repeats` says, in turn with the other.
void Throughput(const std::filesystem::path& folder, int repeats, int clients, std::int64_t parameters) {
  constexpr int kLaterRounds = 3;
  std::vector<double> ours_first, ours_later, raw_first, raw_later;
  const auto run = [](auto receiver, std::vector<double>& first, std::vector<double>& later) {
    first.push_back(receiver->Round());
    for (int i = 0; i < kLaterRounds; ++i) later.push_back(receiver->Round());
  };
  for (int i = 0; i < repeats; ++i) {
    run(std::make_unique<Ours>(folder, clients, parameters), ours_first, ours_later);
    run(std::make_unique<Raw>(folder, clients, parameters), raw_first, raw_later);
  }
  const double gigabytes = static_cast<double>(clients) * static_cast<double>(parameters) * 4 / 1e9;
  Tell("first round, fresh spool files ", clients, gigabytes, ours_first, raw_first);
  Tell("later rounds                   ", clients, gigabytes, ours_later, raw_later);
}

void Memory(const std::filesystem::path& folder, int clients, std::int64_t parameters) {
  const double idle = static_cast<double>(StatusKilobytes("VmRSS:")) / 1024;
  Ours ours(folder, clients, parameters);
  ResetPeak();
  for (int i = 0; i < 3; ++i) ours.Round();
  const double model = static_cast<double>(parameters) * 4 / (1 << 20);
  std::printf(
      "memory, %2d sites x %lldM: peak %.0f MB (idle %.0f), bound 3 x model + 4 MB a site = %.0f MB\n",
      clients, static_cast<long long>(parameters / 1'000'000),
      static_cast<double>(StatusKilobytes("VmHWM:")) / 1024, idle, 3 * model + 4.0 * clients);
}

}  // namespace

int Main(int argc, char** argv) {
  if (argc == 7 && std::strcmp(argv[1], "send") == 0) {
    return RunSender({std::strcmp(argv[2], "raw") == 0, static_cast<std::uint16_t>(std::atoi(argv[3])),
                      argv[4], std::atoi(argv[5]), std::atoll(argv[6])});
  }
  const int repeats = argc > 1 ? std::atoi(argv[1]) : 5;
  const std::int64_t parameters = argc > 2 ? std::atoll(argv[2]) : 10'000'000;
  const auto folder = TempFolder::Create(std::filesystem::temp_directory_path(), "cairn-bench-").value();
  WriteCertificates(folder.path(), 64);
  if (argc > 3) return Throughput(folder.path(), repeats, std::atoi(argv[3]), parameters), 0;
  for (const int clients : {4, 16, 64}) Memory(folder.path(), clients, parameters);
  for (const int clients : {1, 4, 16}) Throughput(folder.path(), repeats, clients, parameters);
  return 0;
}

}  // namespace cairn::bench

int main(int argc, char** argv) { return cairn::bench::Main(argc, argv); }
