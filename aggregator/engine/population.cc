#include "aggregator/engine/population.h"

namespace cairn {

ClientId Population::Add(std::string site) {
  const ClientId client{members_.size()};
  by_site_.emplace(site, client);
  members_.push_back({std::move(site), {}});
  return client;
}

bool Population::Find(const std::string& site, ClientId* out) const {
  const auto it = by_site_.find(site);
  if (it == by_site_.end()) return false;
  *out = it->second;
  return true;
}

std::vector<ClientId> Population::ConnectedClients() const {
  std::vector<ClientId> connected;
  for (std::uint64_t i = 0; i < members_.size(); ++i) {
    if (members_[i].session != SessionId{}) connected.push_back({i});
  }
  return connected;
}

}  // namespace cairn
