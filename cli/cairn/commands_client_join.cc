#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <memory>
#include <thread>

#include "cli/cairn/commands.h"
#include "cli/cairn/join_state.h"
#include "cli/cairn/places.h"
#include "cli/cairn/proxy_setting.h"
#include "cli/cairn/tick.h"
#include "cli/frame/prompt.h"
#include "core/base/text.h"
#include "core/runtime/files.h"
#include "privacy/crypto/private_file.h"
#include "privacy/crypto/tls_probe.h"
#include "protocol/grpc/enrol_once.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kMaxInviteFile = 64 * 1024;
constexpr Duration kFirstPause = 500ms, kLongestPause = 10s;

struct Options {
  std::string file, dir, state, proxy = "env";
  std::int64_t wait = -1;  // seconds; negative: as long as it takes
};

struct Places {
  fs::path folder, state, socket;
};

// A folder of one's own holds everything; the packaged one follows the usual layout.
Places PlacesOf(const Options& options) {
  const fs::path folder = ClientFolder(options.dir);
  const bool is_packaged = folder == "/etc/cairn" && options.state.empty();
  const fs::path state = is_packaged             ? fs::path("/var/lib/cairn/client")
                         : options.state.empty() ? folder / "state"
                                                 : fs::absolute(options.state);
  return {folder, state.lexically_normal(),
          is_packaged ? fs::path("/run/cairn/client.sock") : folder / "client.sock"};
}

UnixTime Now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

Result<SecretBytes> OneInvite(std::string_view text) {
  if (text.empty()) return Status(errors::kInviteMalformed, "the invite is empty");
  return SecretBytes::CopyOf(text);
}

// From a file, standard input or the prompt; empty where a join goes on with the invite it has.
Result<SecretBytes> ReadInvite(const Options& options, const Places& places, CommandOutput& out) {
  std::error_code error;
  if (options.file.empty() && fs::exists(places.state / "join" / "invite", error)) return SecretBytes();
  if (options.file.empty()) {
    CAIRN_ASSIGN_OR_RETURN(
        const WipedText typed,
        AskSecret(out, "paste the invite", "a file that holds the invite, or - for standard input"));
    return OneInvite(typed);
  }
  std::string text;
  if (options.file == "-") {
    for (char c = 0; text.size() < kMaxInviteFile && std::cin.get(c);) text += c;
  } else {
    CAIRN_ASSIGN_OR_RETURN(text, ReadFile(options.file, kMaxInviteFile));
  }
  return OneInvite(WipedText(std::move(text)));
}

void Step(CommandOutput& out, const std::string& text) { out.Note(Tick(out.note_terminal()) + text); }

Result<ProbeReport> Reach(const JoinState& join, const std::optional<Proxy>& proxy, CommandOutput& out) {
  ProbeTarget target;
  target.proxy = proxy;
  target.endpoint = join.invite.address;
  target.federation = join.invite.federation;
  target.pinned_root = join.invite.root;
  target.identity = {join.invite.certificate};
  target.key = &join.invite.key.material();
  target.now = Now();
  Result<ProbeReport> report = ProbeTls(target);
  if (!report.ok()) return std::move(report).status().Within("cannot join " + join.invite.address.text());
  Step(out, "reached " + report->peer_address + " · " + report->tls_version + " · root " +
                report->root.fingerprint().short_hex() +
                " is the one in the invite · proxy: " + (proxy.has_value() ? proxy->url() : "none"));
  return report;
}

bool MayPass(const Status& status) {
  return status.id() == errors::kNetLost || status.id() == errors::kNetRefused ||
         status.id() == errors::kNetResolve;
}

// Asks until the centre has decided. A connection that fails in between is no reason to give up.
Result<EnrolAnswer> AwaitApproval(const EnrolTarget& target, const EnrolRequest& request,
                                  const Options& options, CommandOutput& out) {
  using SteadyTime = std::chrono::steady_clock;
  const auto start = SteadyTime::now();
  Duration pause = kFirstPause;
  bool has_asked = false;
  while (true) {
    Result<EnrolAnswer> answer = EnrolOnce(target, request);
    if (!answer.ok() && !(has_asked && MayPass(answer.status()))) return answer;
    if (answer.ok() && answer->state == EnrolState::kApproved) return answer;
    if (answer.ok() && answer->state == EnrolState::kRefused) return answer->reason;
    if (!has_asked) out.Note("… waiting for approval (Ctrl-C is safe; the same command continues)");
    has_asked = true;
    if (options.wait >= 0 && SteadyTime::now() - start + pause > std::chrono::seconds(options.wait)) {
      return Status(errors::kJoinPending, "the centre has not approved " + request.invite + " yet");
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(kLongestPause, pause + pause / 2);
  }
}

Status WriteConfig(const JoinState& join, const Places& places, const std::string& proxy,
                   CommandOutput& out) {
  const fs::path path = places.folder / "client.toml";
  std::error_code error;
  if (fs::exists(path, error)) {
    Step(out, "kept " + path.string() + " as it is");
    return {};
  }
  CAIRN_RETURN_IF_ERROR(MakeFolders(places.folder, 0755));
  CAIRN_RETURN_IF_ERROR(
      WriteFileAtomically(path, std::string_view(StarterClientToml(join, places.socket, proxy)), 0644));
  Step(out, "wrote " + path.string());
  return {};
}

void TellEnd(const std::string& name, const std::string& federation, const Places& places,
             CommandOutput& out) {
  out.PrintLine(name + " is a member of " + federation);
  out.Data(JsonObject()
               .Add("name", name)
               .Add("federation", federation)
               .Add("state_dir", places.state.string())
               .Add("config", (places.folder / "client.toml").string()));
  const std::string dir = places.folder == "/etc/cairn" ? "" : " --dir " + places.folder.string();
  out.Next("name your data under [dataset.*] in " + (places.folder / "client.toml").string());
  out.Next("cairn client run" + dir);
}

Status Join(const Options& options, CommandOutput& out) {
  const Places places = PlacesOf(options);
  CAIRN_ASSIGN_OR_RETURN(const SecretBytes line, ReadInvite(options, places, out));
  if (!line.empty()) {
    CAIRN_ASSIGN_OR_RETURN(const Invite invite, ParseInvite(line.RevealText(RevealSecret{})));
    if (HasJoined(places.state, invite.certificate)) {
      TellEnd(invite.name, invite.federation, places, out);
      return {};
    }
    CAIRN_RETURN_IF_ERROR(CheckInviteTime(invite, Now()));
  }
  CAIRN_ASSIGN_OR_RETURN(const JoinState join, JoinState::Open(places.state, line));
  CAIRN_RETURN_IF_ERROR(CheckInviteTime(join.invite, Now()));
  Step(out, "invite for " + join.invite.name + " of " + join.invite.federation + " · good until " +
                FormatUtc(join.invite.expires).substr(0, 16) + "Z by this machine's clock");
  CAIRN_ASSIGN_OR_RETURN(const std::optional<Proxy> proxy, ProxyOf(options.proxy, join.invite.address));
  CAIRN_ASSIGN_OR_RETURN(const ProbeReport report, Reach(join, proxy, out));
  Step(out, join.is_continued ? "going on with the keys made before"
                              : "keys made on this machine (0600); they never leave it");
  CAIRN_ASSIGN_OR_RETURN(const TlsFiles bootstrap, join.WriteBootstrap(report.root));
  out.Note("  your words: " + join.Words(report.chain.front().public_key()) +
           "      read them to the centre by phone");
  const EnrolTarget target{.aggregator = join.invite.address,
                           .federation = join.invite.federation,
                           .tls = bootstrap,
                           .proxy = proxy};
  CAIRN_ASSIGN_OR_RETURN(const EnrolAnswer answer, AwaitApproval(target, join.Request(), options, out));
  CAIRN_ASSIGN_OR_RETURN(const Membership membership,
                         CheckApproval(join, answer, report.chain, report.root, Now()));
  CAIRN_RETURN_IF_ERROR(Settle(join, membership));
  Step(out, "approved · roster " + std::to_string(membership.roster_version) + " · certificate until " +
                FormatUtc(membership.certificate.validity().not_after).substr(0, 10));
  if (membership.identity.role == PeerRole::kSite)
    CAIRN_RETURN_IF_ERROR(WriteConfig(join, places, options.proxy, out));
  TellEnd(membership.identity.name, membership.identity.federation, places, out);
  return {};
}

}  // namespace

void AddClientJoinCommand(CommandSet& commands) {
  auto options = std::make_shared<Options>();
  commands.Add("client join", "Joins a federation with an invite")
      .Takes({"FILE", "file that holds the invite, or - for standard input; else it is asked for",
              &options->file, false})
      .Has({"--dir", "DIR", "the site's folder, for client.toml", &options->dir})
      .Has({"--state", "DIR", "where keys and state go (default: DIR/state)", &options->state})
      .Has({"--wait", "SECONDS", "how long to wait for approval (default: as long as it takes)",
            &options->wait})
      .Has({"--proxy", "PROXY", "env, none or http://host:port (default: env)", &options->proxy})
      .Example("cairn client join site-a.invite")
      .Run([options](CommandOutput& out) { return Join(*options, out); });
}

}  // namespace cairn
