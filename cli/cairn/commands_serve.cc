#include <memory>

#include "aggregator/server/admin_api.h"
#include "aggregator/server/aggregator_config.h"
#include "aggregator/server/aggregator_driver.h"
#include "aggregator/server/enrolment_desk.h"
#include "aggregator/server/enrolment_verbs.h"
#include "aggregator/server/refusal_log.h"
#include "aggregator/server/roster_masking.h"
#include "cli/cairn/commands.h"
#include "cli/cairn/job_runs.h"
#include "cli/cairn/places.h"
#include "cli/frame/version.h"
#include "core/base/log.h"
#include "core/runtime/asio/event_loop.h"
#include "core/runtime/asio/local_server.h"
#include "core/runtime/file_lock.h"
#include "core/runtime/files.h"
#include "protocol/grpc/grpc_server.h"
#include "protocol/grpc/grpc_setup.h"

namespace cairn {
namespace {

struct Options {
  std::string dir;
};

constexpr Duration kDrainGrace = std::chrono::seconds(5);

Status Serve(const Options& options) {
  const std::filesystem::path dir = AggregatorFolder(options.dir);
  CAIRN_ASSIGN_OR_RETURN(ConfigDocument document, ConfigDocument::ReadFile(dir / "aggregator.toml"));
  CAIRN_RETURN_IF_ERROR(document.ApplyEnvironment(EnvironmentOverrides()));
  CAIRN_ASSIGN_OR_RETURN(const AggregatorFileConfig config, ParseAggregatorConfig(document, dir));
  CAIRN_RETURN_IF_ERROR(MakeFolders(config.state_dir));
  CAIRN_ASSIGN_OR_RETURN(const FileLock lock, FileLock::Acquire(config.state_dir / "lock"));
  PrepareGrpc();

  EventLoop loop;
  LogEventSink events;
  JobRuns runs(config.state_dir);
  const SystemWallClock wall_clock;
  CAIRN_ASSIGN_OR_RETURN(EnrolmentDeskConfig desk_config, EnrolmentDeskConfig::From(config));
  CAIRN_ASSIGN_OR_RETURN(const auto desk, EnrolmentDesk::Open(std::move(desk_config), wall_clock));
  GrpcServerConfig transport;
  transport.address = config.address;
  transport.tls = {config.certificate(), config.key(), config.roots()};
  transport.state_dir = config.state_dir;
  const SteadyClock clock;
  RefusalLog refusals(events, clock);
  transport.authorize = [&desk, &refusals](const PeerIdentity& peer, const std::string& pem) {
    Status status = desk->Authorize(peer, pem);
    if (!status.ok()) refusals.Tell(peer, status);
    return status;
  };
  transport.enrolment = desk.get();
  CAIRN_ASSIGN_OR_RETURN(const auto server, GrpcServer::Create(std::move(transport)));
  desk->OnRosterChange([&server] { server->RecheckPeers(); });

  RosterMasking masking(*desk);
  AggregatorConfig driver_config{config.state_dir, config.federation,    "cairn " + std::string(kVersion),
                                 config.heartbeat, config.stall_timeout, config.privacy};
  CAIRN_ASSIGN_OR_RETURN(const auto driver, AggregatorDriver::Create(std::move(driver_config), loop, *server,
                                                                     events, runs, &masking));
  runs.SetDriver(*driver);
  runs.CatchUp();
  AdminApi admin(*driver);
  admin.SetRunOf([&runs](JobId job) { return runs.RunOf(job); });
  AddEnrolmentVerbs(admin, *desk, [&driver] { return driver->ConnectedSites(); });
  CAIRN_ASSIGN_OR_RETURN(
      auto local,
      LocalServer::Start(
          loop, {.path = config.socket(), .max_attachment = std::uint64_t{4} << 30},
          [&admin](const LocalPeer& peer, LocalMessage request, std::unique_ptr<LocalAnswer> answer) {
            admin.Handle(peer, std::move(request), std::move(answer));
          }));
  driver->Start();
  CAIRN_RETURN_IF_ERROR(server->Start(*driver, *driver));
  Log(LogLevel::kInfo, "aggregator", "serving",
      {{"federation", config.federation}, {"address", config.address}, {"port", server->port()}});
  loop.OnTerminate([&loop] { loop.Stop(); });
  loop.Run();
  Log(LogLevel::kInfo, "aggregator", "draining");
  server->Shutdown(kDrainGrace);
  local.reset();
  return {};
}

}  // namespace

void AddServeCommand(CommandSet& commands) {
  auto options = std::make_shared<Options>();
  commands.Add("aggregator serve", "Runs the aggregator until it is told to stop")
      .Has({"--dir", "DIR", "the aggregator's folder", &options->dir})
      .Run([options](CommandOutput&) { return Serve(*options); });
}

}  // namespace cairn
