#include "cli/cairn/client_run.h"

#include <memory>
#include <set>

#include "cli/cairn/proxy_setting.h"
#include "cli/cairn/worker_program.h"
#include "cli/frame/version.h"
#include "client/agent/agent_driver.h"
#include "client/agent/file_agent_storage.h"
#include "client/agent/masking_desk.h"
#include "client/agent/privacy_desk.h"
#include "client/agent/process_worker.h"
#include "client/agent/roster_pin.h"
#include "client/agent/sealed_masking_storage.h"
#include "core/base/log.h"
#include "core/runtime/asio/event_loop.h"
#include "core/runtime/asio/local_server.h"
#include "core/runtime/child/environment.h"
#include "core/runtime/child/launcher.h"
#include "core/runtime/files.h"
#include "privacy/crypto/certificate.h"
#include "privacy/crypto/secure_random.h"
#include "protocol/grpc/grpc_client_channel.h"
#include "protocol/grpc/grpc_setup.h"

namespace cairn {
namespace {

// The files a data set's table names: all its worker may read. What they mean is the worker's affair.
std::vector<std::filesystem::path> FilesOf(const std::string& dataset_toml) {
  static const std::set<std::string> kPathKeys = {"path", "paths", "images", "labels", "rows_file"};
  std::vector<std::filesystem::path> files;
  const auto document = ConfigDocument::Parse(dataset_toml, "dataset");
  if (!document.ok()) return files;
  const auto add = [&](const ConfigValue& value) {
    if (value.kind == ConfigValue::Kind::kString && !value.text.empty()) files.emplace_back(value.text);
  };
  for (const ConfigMember& member : document->root().members) {
    if (!kPathKeys.contains(member.key)) continue;
    add(member.value);
    for (const ConfigValue& item : member.value.items) add(item);
  }
  return files;
}

ProcessWorkerConfig WorkerConfigOf(const ClientConfig& config) {
  ProcessWorkerConfig worker;
  worker.readable = FilesOf;
  worker.must_not_read = {config.key_file(), config.state_dir / "signing.key",
                          config.state_dir / "masking" / "state.key"};
  worker.environment = WorkerEnvironment(OwnEnvironment(), ThisCpu());
  worker.sandbox =
      config.policy.sandbox == SandboxPolicy::kRequired ? SandboxMode::kRequired : SandboxMode::kBestEffort;
  return worker;
}

// A slip in client.toml is told here, before the aggregator can only say that name and certificate differ.
Status CheckMembership(const ClientConfig& config) {
  const std::string path = config.certificate_file().string();
  const Result<std::string> pem = ReadFile(path, 1 << 20);
  if (pem.status().id() == errors::kNotFound) {
    return Status(errors::kTlsNoClientCert, "this site has no certificate: there is no " + path)
        .Why("a site gets its certificate when it joins")
        .Mend("join first (`cairn client join`), or set client.state_dir to where it joined");
  }
  CAIRN_RETURN_IF_ERROR(pem.status());
  CAIRN_ASSIGN_OR_RETURN(const Certificate certificate, Certificate::FromPem(*pem));
  CAIRN_ASSIGN_OR_RETURN(const PeerIdentity own, certificate.identity());
  if (own.name == config.site && own.federation == config.federation) return {};
  return Status(errors::kConfigValue, "client.toml is for " + config.site + " of " + config.federation +
                                          ", " + path + " for " + own.name + " of " + own.federation)
      .Mend(
          "set site.name and site.federation as in the certificate, or client.state_dir to where the site "
          "joined");
}

Result<RosterPin> OpenRoster(const ClientConfig& config, const SigningKey& own_key, WallTime now) {
  CAIRN_ASSIGN_OR_RETURN(const std::string roots, ReadFile(config.roots_file(), 1 << 20));
  CAIRN_ASSIGN_OR_RETURN(const VerifyKey root_key, RootKeyOf(roots));
  return RosterPin::Open({.file = config.state_dir / "roster",
                          .root_key = root_key,
                          .federation = config.federation,
                          .site = config.site,
                          .own_key = own_key.verify_key()},
                         now);
}

void WarnOfWeakPolicy(const SitePolicy& policy) {
  if (policy.secagg == SecAggPolicy::kRequired) return;
  if (policy.secagg == SecAggPolicy::kGroupedOk) {
    Log(LogLevel::kWarning, "client",
        "policy.secagg is grouped-ok: of grouped jobs the aggregator reads the sum of this site's group");
    return;
  }
  Log(LogLevel::kWarning, "client", "policy.secagg is plain-ok: the aggregator can read this site's updates");
}

// A site without its ledger does other work, and says why it does no private work.
void TellBudgets(const PrivacyDesk& desk) {
  if (!desk.fault().ok()) {
    Log(LogLevel::kError, "privacy", "no private job is taken part in",
        {{"id", ToString(desk.fault().id())}, {"why", desk.fault().what()}});
    return;
  }
  for (const PrivacyDomain& domain : desk.domains()) {
    if (const auto spent = desk.Spent(domain.name); spent.ok())
      Log(LogLevel::kInfo, "privacy", "budget",
          {{"domain", domain.name}, {"spent", ToString(*spent)}, {"cap", ToString(domain.terms.cap)}});
  }
}

}  // namespace

Result<ClientConfig> LoadClientConfig(const std::filesystem::path& folder) {
  CAIRN_ASSIGN_OR_RETURN(ConfigDocument document, ConfigDocument::ReadFile(folder / "client.toml"));
  CAIRN_RETURN_IF_ERROR(document.ApplyEnvironment(EnvironmentOverrides()));
  return ParseClientConfig(document);
}

Status RunClient(const std::filesystem::path& folder) {
  CAIRN_ASSIGN_OR_RETURN(const ClientConfig config, LoadClientConfig(folder));
  const auto endpoint = Endpoint::Parse(config.aggregator_address);
  if (!endpoint.has_value()) {
    return Status(errors::kConfigValue,
                  "aggregator.address '" + config.aggregator_address + "' is not host:port");
  }
  CAIRN_RETURN_IF_ERROR(CheckMembership(config));
  CAIRN_ASSIGN_OR_RETURN(const std::filesystem::path program, FindWorker());
  // Before any thread and any key: the launcher knows neither.
  CAIRN_ASSIGN_OR_RETURN(const auto launcher, Launcher::Start(program));
  PrepareGrpc();

  const SteadyClock clock;
  const SystemWallClock wall_clock;
  const SecureRandom random;
  LogEventSink events;
  CAIRN_RETURN_IF_ERROR(MakeFolders(config.state_dir));
  CAIRN_ASSIGN_OR_RETURN(auto storage, FileAgentStorage::Create(config.state_dir / "agent"));
  CAIRN_ASSIGN_OR_RETURN(
      const auto store,
      AgentStore::Open(std::move(storage),
                       {EgressGuard::Limits::Of(config.policy), config.aggregator_address}, wall_clock));
  CAIRN_ASSIGN_OR_RETURN(const std::optional<Proxy> proxy, ProxyOf(config.proxy, *endpoint));
  CAIRN_ASSIGN_OR_RETURN(
      auto channel,
      GrpcClientChannel::Create({*endpoint,
                                 config.federation,
                                 {config.certificate_file(), config.key_file(), config.roots_file()},
                                 config.state_dir / "models",
                                 proxy,
                                 config.stall_timeout}));
  auto worker = std::make_unique<ProcessWorkerClient>(*launcher, WorkerConfigOf(config));
  CAIRN_ASSIGN_OR_RETURN(const SigningKey signing_key, SigningKey::Load(config.state_dir / "signing.key"));
  CAIRN_ASSIGN_OR_RETURN(RosterPin roster, OpenRoster(config, signing_key, wall_clock.Now()));
  CAIRN_ASSIGN_OR_RETURN(const auto masking_storage,
                         SealedMaskingStorage::Open(config.state_dir / "masking"));
  MaskingDesk masking(config.site, masking_storage.get(),
                      [&signing_key](const RoundKey&) { return secagg::NewPrimitives(signing_key); });
  PrivacyDesk privacy = PrivacyDesk::Open(config.state_dir / kPrivacyLedgerFile, config.privacy_domains);
  TellBudgets(privacy);
  EventLoop loop;
  LanePool lanes(1);
  Status ended;
  AgentDriverConfig driver_config;
  driver_config.client = config;
  driver_config.software = "cairn " + std::string(kVersion);
  driver_config.status_file = config.state_dir / "status.json";
  AgentDriver driver(driver_config,
                     AgentParts{*channel, *worker, *store, loop,
                                [&loop](std::function<void()> function) { loop.Post(std::move(function)); },
                                lanes, clock, wall_clock, random, events,
                                [&](const Status& reason) {
                                  ended = reason;
                                  loop.Stop();
                                },
                                &roster, &masking, &privacy});
  loop.OnTimer([&driver](TimerId timer) { driver.OnTimer(timer); });
  loop.OnTerminate([&driver] { driver.Stop(); });
  loop.OnReload([&] {
    auto reloaded = LoadClientConfig(folder);
    if (!reloaded.ok()) {
      Log(LogLevel::kError, "client", "client.toml was not reloaded", {{"why", reloaded.status().what()}});
      return;
    }
    if (reloaded->policy.sandbox != config.policy.sandbox)
      Log(LogLevel::kWarning, "client", "policy.sandbox stays as it was until the next start");
    if (reloaded->privacy_domains != config.privacy_domains)
      Log(LogLevel::kWarning, "client", "[privacy.domain] stays as it was until the next start");
    driver.Reload(std::move(*reloaded));
  });
  auto local = LocalServer::Start(
      loop, {.path = config.socket},
      [&driver](const LocalPeer& peer, LocalMessage request, std::unique_ptr<LocalAnswer> answer) {
        answer->Send({driver.HandleAdmin(request.text, "uid " + std::to_string(peer.uid)), {}});
      });
  CAIRN_RETURN_IF_ERROR(local.status());
  Log(LogLevel::kInfo, "client", "running",
      {{"site", config.site}, {"aggregator", config.aggregator_address}});
  WarnOfWeakPolicy(config.policy);
  driver.Start();
  loop.Run();
  local->reset();
  // An agent that is blocked ends with a session and a worker at work: both call the driver until they are
  // gone.
  channel.reset();
  worker.reset();
  lanes.Stop();
  return ended;
}

}  // namespace cairn
