#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "aggregator/server/aggregator_driver.h"
#include "core/runtime/asio/local_server.h"

namespace cairn {

// What local commands ask of a running aggregator, as JSON over its admin socket:
//   {"verb": "job.ls", …}  →
//   {"status": "ok", "data": {…}}  or  {"status": "error", "error": {"id", "what", "why", "mend"}}
// The peer's uid is the actor. Verbs of other parts (sites, invites) are added with Add. Control thread.
class AdminApi {
 public:
  // Takes the request's JSON text and attachment; gives the text of "data", or an error.
  struct Request {
    std::string text;
    WipedText attachment;
    std::string actor;  // "uid 1000"
  };
  using Verb = std::function<Result<std::string>(const Request&)>;

  explicit AdminApi(AggregatorDriver& driver);

  void Add(std::string verb, Verb handler) { verbs_[std::move(verb)] = std::move(handler); }
  // The run directory of an ended job, or nothing.
  void SetRunOf(std::function<std::string(JobId)> run_of) { run_of_ = std::move(run_of); }
  void Handle(const LocalPeer& peer, LocalMessage message, std::unique_ptr<LocalAnswer> answer);

 private:
  Result<std::string> Submit(const Request& request);
  Result<std::string> List(const Request& request) const;
  Result<std::string> Show(const Request& request) const;
  Result<std::string> Stop(const Request& request);
  Result<std::string> Resume(const Request& request);
  Result<std::string> InspectRounds(const Request& request) const;
  void Watch(const Request& request, std::unique_ptr<LocalAnswer> answer);
  void TellWatchers(JobId job);
  std::string Describe(const AggregatorDriver::JobStatus& job) const;  // JSON
  Result<AggregatorDriver::JobStatus> Find(const Request& request) const;

  AggregatorDriver& driver_;
  std::map<std::string, Verb> verbs_;
  std::function<std::string(JobId)> run_of_;
  struct Watcher {
    JobId job;
    std::unique_ptr<LocalAnswer> answer;
    std::string last;  // what it was told; repeated only when something changed
  };
  std::vector<Watcher> watchers_;
};

}  // namespace cairn
