// What `cairn doctor` looks at on this machine, without asking anybody.
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "cli/cairn/child_program.h"
#include "cli/cairn/doctor.h"
#include "cli/cairn/worker_program.h"
#include "core/base/text.h"
#include "core/runtime/child/environment.h"
#include "core/runtime/child/sandbox.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;
using Verdict = CheckLine::Verdict;

constexpr double kLowMemory = 1e9, kLowDisk = 1e9;  // bytes

std::string FirstLine(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// CPUs that the control group grants, which may be fewer than the machine has ("max 100000", "150000
// 100000").
std::optional<double> GrantedCpus() {
  std::istringstream words(FirstLine("/sys/fs/cgroup/cpu.max"));
  double quota = 0, period = 0;
  if (!(words >> quota >> period) || period <= 0) return std::nullopt;
  return quota / period;
}

std::vector<CheckLine> CheckCores() {
  const unsigned cores = std::thread::hardware_concurrency();
  const std::optional<double> granted = GrantedCpus();
  CheckLine line{Verdict::kGood, "cores", std::to_string(cores) + " usable", ""};
  if (granted && *granted + 0.01 < cores) {
    line.verdict = Verdict::kWarning;
    line.evidence += ", but the control group grants " + FormatDouble(*granted);
    line.mend = "run with --workers " + std::to_string(std::max(1, static_cast<int>(*granted))) +
                ", or raise the limit";
  }
  return {line};
}

std::vector<CheckLine> CheckMemory() {
  std::ifstream file("/proc/meminfo");
  double total = 0, available = 0;
  for (std::string name, unit; file >> name;) {
    double kib = 0;
    file >> kib;
    std::getline(file, unit);
    if (name == "MemTotal:") total = kib * 1024;
    if (name == "MemAvailable:") available = kib * 1024;
  }
  CheckLine line{Verdict::kGood, "memory", FormatByteSize(available) + " free of " + FormatByteSize(total),
                 ""};
  if (available < kLowMemory) {
    line.verdict = Verdict::kWarning;
    line.mend = "training needs about 1 GB: close other programs, or use a smaller model";
  }
  return {line};
}

std::vector<CheckLine> CheckDisk() {
  struct statvfs info {};
  if (statvfs(".", &info) != 0) return {};
  const double free = static_cast<double>(info.f_bavail) * static_cast<double>(info.f_frsize);
  CheckLine line{Verdict::kGood, "disk", FormatByteSize(free) + " free here", ""};
  if (free < kLowDisk) {
    line.verdict = Verdict::kWarning;
    line.mend = "free some space, or write runs elsewhere with --out";
  }
  return {line};
}

std::vector<CheckLine> CheckWorker() {
  const Result<fs::path> worker = FindWorker();
  if (worker.ok()) return {{Verdict::kGood, "worker", worker->string(), ""}};
  return {{Verdict::kBad, "worker", worker.status().what(), worker.status().mend()}};
}

// The packaged reference BLAS is some twenty times slower than OpenBLAS, and nothing else says so.
std::vector<CheckLine> CheckBlas() {
  constexpr double kSlow = 20;  // GFLOP/s; a decade-old core with OpenBLAS reaches more
  const Result<fs::path> worker = FindWorker();
  if (!worker.ok()) return {};
  ChildProgram::Options options;
  options.environment = WorkerEnvironment(OwnEnvironment(), ThisCpu());
  options.capture_stdout = true;
  auto child = ChildProgram::Start(*worker, {"blas-speed"}, options);
  if (!child.ok() || child->Wait(std::chrono::seconds(30)) != 0) {
    return {{Verdict::kBad, "BLAS", "the worker could not multiply two matrices",
             "reinstall cairn-worker and libtorch"}};
  }
  const double rate = std::strtod(child->Output().c_str(), nullptr);
  char evidence[64];
  std::snprintf(evidence, sizeof evidence, "%.0f GFLOP/s on one thread", rate);
  CheckLine line{Verdict::kGood, "BLAS", evidence, ""};
  if (rate < kSlow) {
    line.verdict = Verdict::kWarning;
    line.mend = "sudo apt install libopenblas0-pthread";
  }
  return {line};
}

// What holds a worker. Without seccomp a site whose policy says required cannot train.
std::vector<CheckLine> CheckSandbox() {
  const SandboxReport report = ProbeSandbox();
  CheckLine line{Verdict::kGood, "sandbox", report.ToString(), ""};
  if (!report.seccomp) {
    line.verdict = Verdict::kBad;
    line.mend = "use a kernel with seccomp, or say policy.sandbox = \"best-effort\" at this site";
  } else if (report.landlock_abi == 0) {
    line.verdict = Verdict::kWarning;
    line.mend =
        "boot a kernel with Landlock: without it only seccomp and file modes keep a worker off other files";
  }
  return {line};
}

// Key files must be readable by their owner alone.
std::vector<CheckLine> CheckKeys() {
  std::vector<CheckLine> lines;
  for (const char* folder : {"/etc/cairn", "/var/lib/cairn"}) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error),
         end;
         !error && it != end; it.increment(error)) {
      struct stat info {};
      if (it->path().extension() != ".key" || stat(it->path().c_str(), &info) != 0) continue;
      const std::string path = EscapeControls(it->path().string());
      if ((info.st_mode & 077) == 0) {
        lines.push_back({Verdict::kGood, "key", path + " is its owner's alone", ""});
      } else {
        lines.push_back({Verdict::kBad, "key", path + " can be read by others", "chmod 600 " + path});
      }
    }
  }
  return lines;
}

}  // namespace

std::vector<DoctorCheck> MachineChecks() {
  return {{{}, CheckCores},
          {{}, CheckMemory},
          {{}, CheckDisk},
          {{"sim", "client"}, CheckWorker},
          {{"sim", "client"}, CheckBlas},
          {{"client"}, CheckSandbox},
          {{"client", "aggregator"}, CheckKeys}};
}

}  // namespace cairn
