#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/ids.h"

namespace cairn {

// The participants of a job: who they are and which of them can be reached now. ClientIds are dense
// from 0 in the order the job fixed them, so they label random streams and index arrays.
class Population {
 public:
  // Registers a participant; the next id.
  ClientId Add(std::string site);
  // The participant of that site, or nothing.
  bool Find(const std::string& site, ClientId* out) const;

  void Connect(ClientId client, SessionId session) { members_[client.value].session = session; }
  void Disconnect(ClientId client) { members_[client.value].session = SessionId{}; }

  std::size_t size() const { return members_.size(); }
  const std::string& site(ClientId client) const { return members_[client.value].site; }
  SessionId session(ClientId client) const { return members_[client.value].session; }  // zero: not reachable
  bool connected(ClientId client) const { return session(client) != SessionId{}; }
  std::vector<ClientId> ConnectedClients() const;  // ascending

 private:
  struct Member {
    std::string site;
    SessionId session;
  };
  std::vector<Member> members_;
  std::map<std::string, ClientId> by_site_;
};

}  // namespace cairn
