#include "cli/cairn/demo.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "cli/cairn/admin_call.h"
#include "cli/cairn/demo_files.h"
#include "cli/cairn/demo_processes.h"
#include "cli/cairn/job_table.h"
#include "cli/cairn/worker_program.h"
#include "core/runtime/files.h"
#include "core/runtime/unique_fd.h"
#include "privacy/crypto/sha256.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kFederation = "demo";
constexpr const char* kFashion = "/usr/share/datasets/fashion-mnist";
constexpr std::uint64_t kMaxModelFile = 1 << 30;

Result<std::uint16_t> FreePort() {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (!fd.is_open() || bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return Status(errors::kNetPortInUse,
                  std::string("no free port on the loopback interface: ") + std::strerror(errno));
  }
  return ntohs(address.sin_port);
}

class Demo {
 public:
  Demo(const DemoOptions& options, CommandOutput& out, fs::path folder)
      : options_(options), out_(out), folder_(std::move(folder)) {}

  Status Run() {
    CAIRN_ASSIGN_OR_RETURN(self_, Self());
    CAIRN_ASSIGN_OR_RETURN(worker_, FindWorker());
    CAIRN_ASSIGN_OR_RETURN(port_, FreePort());
    CAIRN_ASSIGN_OR_RETURN(DemoProcesses processes, DemoProcesses::Create(folder_ / "logs", worker_));
    processes_.emplace(std::move(processes));
    CAIRN_RETURN_IF_ERROR(PrepareData());
    CAIRN_RETURN_IF_ERROR(StartAggregator());
    for (DemoSite& site : sites_) CAIRN_RETURN_IF_ERROR(Enrol(site));
    for (const DemoSite& site : sites_) CAIRN_RETURN_IF_ERROR(StartAgent(site));
    out_.Note("sites       " + std::to_string(sites_.size()) +
              " enrolled, each a process with its own key and sandboxed worker");
    CAIRN_RETURN_IF_ERROR(RunJob());
    processes_->StopDaemons();  // sites first, so that the aggregator sees them leave
    return {};
  }

 private:
  static Result<fs::path> Self() {
    std::error_code error;
    fs::path self = fs::read_symlink("/proc/self/exe", error);
    if (error) return Status(errors::kStorageIo, "cannot tell where this program lies: " + error.message());
    return self;
  }

  Status PrepareData() {
    std::error_code ignored;
    const bool fashion = fs::exists(fs::path(kFashion) / "train-images-idx3-ubyte.gz", ignored);
    const auto count = static_cast<std::size_t>(options_.sites);
    if (fashion) {
      CAIRN_RETURN_IF_ERROR(
          processes_->Run(worker_,
                          {"data", "partition", std::string(kFashion) + "/train-images-idx3-ubyte.gz",
                           "--labels", std::string(kFashion) + "/train-labels-idx1-ubyte.gz", "--scheme",
                           "dirichlet:0.5", "--clients", std::to_string(count), "--seed",
                           std::to_string(options_.seed), "--out", (folder_ / "data").string()},
                          "partition"));
    }
    for (std::size_t i = 0; i < count; ++i) {
      DemoSite site{DemoSiteName(i), folder_ / DemoSiteName(i), {}};
      site.dataset_keys = fashion ? FashionKeys(i) : MadeKeys(i);
      CAIRN_RETURN_IF_ERROR(MakeFolders(site.folder));
      sites_.push_back(std::move(site));
    }
    out_.Note(std::string("data        ") +
              (fashion ? "Fashion-MNIST, 60,000 images, Dirichlet 0.5"
                       : "made digits (install dataset-fashion-mnist for real images)") +
              ", split over " + std::to_string(count) + " sites");
    return {};
  }

  std::string FashionKeys(std::size_t index) const {
    const fs::path stem = folder_ / "data" / PartName(index);
    return "reader = \"idx\"\nimages = \"" + stem.string() + "-images.idx\"\nlabels = \"" + stem.string() +
           "-labels.idx\"\nclasses = 10\n";
  }
  static std::string PartName(std::size_t index) {  // as `data partition` names them
    char name[32];
    std::snprintf(name, sizeof name, "site-%03zu", index);
    return name;
  }
  static std::string MadeKeys(std::size_t index) {
    return "reader = \"made-digits\"\nrows = 2000\nfirst_row = " + std::to_string(2000 * index) +
           "\nseed = 1\n";
  }

  Status StartAggregator() {
    const std::string ca = (folder_ / "ca").string(), dir = (folder_ / "aggregator").string();
    CAIRN_RETURN_IF_ERROR(Command({"ca", "init", "--federation", kFederation, "--dir", ca}, "ca"));
    CAIRN_RETURN_IF_ERROR(Command({"aggregator", "init", "--issuer", ca + "/issuer", "--root", ca,
                                   "--address", "localhost:" + std::to_string(port_), "--listen",
                                   "127.0.0.1:" + std::to_string(port_), "--dir", dir},
                                  "aggregator-init"));
    CAIRN_RETURN_IF_ERROR(
        processes_->StartDaemon(self_, {"aggregator", "serve", "--dir", dir}, "aggregator"));
    for (int tries = 0; tries < 200; ++tries) {
      CAIRN_RETURN_IF_ERROR(CheckInterrupt());
      if (AdminCall(Socket(), {{"verb", "job.ls"}}).ok()) {
        out_.Note("aggregator  localhost:" + std::to_string(port_) + ", mutual TLS 1.3, own authority");
        return {};
      }
      if (processes_->HasLastDaemonEnded(50ms)) break;
    }
    return processes_->Failed("aggregator serve", "did not come up", "aggregator");
  }

  fs::path Socket() const { return folder_ / "aggregator" / "admin.sock"; }

  Status Command(const DemoProcesses::Words& words, const std::string& log) const {
    return processes_->Run(self_, words, log);
  }

  // As a real site: the centre invites, the site joins with keys it makes, the centre approves.
  Status Enrol(DemoSite& site) {
    const std::string dir = (folder_ / "aggregator").string(), invite = (site.folder / "invite").string();
    CAIRN_RETURN_IF_ERROR(
        Command({"invite", "new", site.name, "--dir", dir, "--out", invite}, "invite-" + site.name));
    const std::string log = "join-" + site.name;
    CAIRN_ASSIGN_OR_RETURN(ChildProgram join,
                           processes_->Start(self_,
                                             {"client", "join", invite, "--dir", site.folder.string(),
                                              "--state", (site.folder / "state").string()},
                                             log));
    CAIRN_RETURN_IF_ERROR(WaitForRequest(site.name, join));
    CAIRN_RETURN_IF_ERROR(
        Command({"site", "approve", site.name, "--yes", "--dir", dir}, "approve-" + site.name));
    CAIRN_RETURN_IF_ERROR(processes_->Await(join, "client join", log, 60s));
    return WriteFileAtomically(site.folder / "client.toml",
                               std::string_view(DemoClientToml(site, kFederation, port_)));
  }

  Status WaitForRequest(const std::string& name, ChildProgram& join) {
    for (int tries = 0; tries < 200; ++tries) {
      CAIRN_RETURN_IF_ERROR(CheckInterrupt());
      const auto sites = AdminCall(Socket(), {{"verb", "site.ls"}});
      if (sites.ok()) {
        for (const auto& site : sites->at("sites")) {
          if (site.value("name", "") == name && site.value("state", "") == "waiting") return {};
        }
      }
      if (join.Wait(50ms).has_value()) break;
    }
    return processes_->Failed("client join", "did not ask to join", "join-" + name);
  }

  Status StartAgent(const DemoSite& site) {
    return processes_->StartDaemon(self_, {"client", "run", "--dir", site.folder.string()}, site.name);
  }

  Status RunJob() {
    const std::string dir = (folder_ / "aggregator").string();
    const std::string job = DemoJobToml(options_.sites, options_.rounds, options_.seed);
    CAIRN_RETURN_IF_ERROR(WriteFileAtomically(folder_ / "job.toml", std::string_view(job)));
    CAIRN_RETURN_IF_ERROR(
        WriteFileAtomically(folder_ / "experiment.toml", std::string_view(DemoExperimentToml(job, sites_))));
    CAIRN_RETURN_IF_ERROR(
        Command({"job", "submit", (folder_ / "job.toml").string(), "--dir", dir}, "submit"));
    // The watcher shows its progress to the user itself, on stderr.
    ChildProgram::Options run;
    run.capture_stdout = true;
    CAIRN_ASSIGN_OR_RETURN(
        ChildProgram watcher,
        ChildProgram::Start(self_, {"job", "watch", "demo", "--dir", dir, "--format", "json"}, run));
    std::optional<int> code;
    while (!(code = watcher.Wait(200ms)).has_value()) CAIRN_RETURN_IF_ERROR(CheckInterrupt());
    const auto answer = nlohmann::json::parse(watcher.Output(), nullptr, false);
    if (*code != 0 || !answer.is_object() || !answer.contains("data"))
      return processes_->Failed("job watch", "exited with " + std::to_string(*code), "aggregator");
    return TellResult(answer.at("data").at("job"));
  }

  Status TellResult(const nlohmann::json& job);

  const DemoOptions& options_;
  CommandOutput& out_;
  fs::path folder_, self_, worker_;
  std::uint16_t port_ = 0;
  std::vector<DemoSite> sites_;
  std::optional<DemoProcesses> processes_;  // from Run on
};

Status Demo::TellResult(const nlohmann::json& job) {
  const fs::path made = job.value("run", "");
  const fs::path run = fs::absolute(fs::path(options_.out) / made.filename());
  std::error_code error;
  fs::create_directories(run.parent_path(), error);
  fs::copy(made, run, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
  if (error)
    return Status(errors::kStorageIo, "cannot copy the run to " + run.string() + ": " + error.message());
  CAIRN_ASSIGN_OR_RETURN(const std::string model, ReadFile(run / "final.safetensors", kMaxModelFile));
  const std::string digest = Sha256::Of(model).hex();
  out_.Print(RoundTable(job));
  out_.PrintLine("model   " + (run / "final.safetensors").string());
  out_.PrintLine("sha256  " + digest);
  out_.PrintLine("report  " + (run / "report.html").string());
  out_.Data(JsonObject().Add("run", run.string()).Add("final_sha256", digest).AddRaw("job", job.dump()));
  if (!options_.keep.empty())
    out_.Next("cairn sim run " + (folder_ / "experiment.toml").string() + "   # the same bytes, simulated");
  out_.Next("cairn ca init --federation NAME");
  return {};
}

}  // namespace

Status RunDemo(const DemoOptions& options, CommandOutput& out) {
  if (options.sites < 3 || options.sites > 26) {
    return Status(errors::kUsage, "--sites must be from 3 to 26")
        .Why("the demo masks its updates, and of two sites each knows the other's part of their sum");
  }
  if (options.rounds < 1 || options.rounds > 1000)
    return Status(errors::kUsage, "--rounds must be from 1 to 1000");
  const CatchInterrupt interrupt;
  if (!options.keep.empty()) return Demo(options, out, fs::absolute(options.keep)).Run();
  CAIRN_ASSIGN_OR_RETURN(const TempFolder folder,
                         TempFolder::Create(fs::temp_directory_path(), "cairn-demo-"));
  return Demo(options, out, folder.path()).Run();
}

}  // namespace cairn
