#include "protocol/messages/site_groups.h"

#include <algorithm>

#include "privacy/secagg/shared/graph.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {
namespace {

constexpr std::size_t kMaxGroupSites = 10'000;

Status Refused(const JobFault& fault) { return Status(errors::kJobRefused, fault.key + " " + fault.problem); }

std::optional<JobFault> FindListFault(const std::vector<std::string>& sites) {
  if (sites.size() > kMaxGroupSites) return JobFault{"group_sites", "names more than 10000 sites"};
  for (std::size_t i = 0; i < sites.size(); ++i) {
    if (!IsPlainName(sites[i])) return JobFault{"group_sites", "has a name that is none"};
    if (i > 0 && !(sites[i - 1] < sites[i]))
      return JobFault{"group_sites", "must be ascending, each site once"};
  }
  return std::nullopt;
}

}  // namespace

std::uint32_t LeastGroups(const SecAggConfig& secagg) {
  return std::max<std::uint32_t>(3, 2 * secagg.trim + 1);
}

std::uint32_t SmallestGroupSum(const SecAggConfig& secagg) {
  return secagg.group_min > 0 ? secagg.group_min : secagg.group_size;
}

// Fewer than group_size sites are over when the runs are cut, and at least three runs share them.
std::uint32_t LargestGroup(const SecAggConfig& secagg) {
  return secagg.group_size + (secagg.group_size - 1 + 2) / 3;
}

std::optional<JobFault> FindGroupFault(const JobManifest& manifest) {
  const SecAggConfig& secagg = manifest.spec.secagg;
  const std::vector<std::string>& sites = manifest.group_sites;
  if (!secagg.is_grouped()) {
    if (sites.empty() && manifest.group_roster.empty()) return std::nullopt;
    return JobFault{"group_sites", "is for grouped jobs alone"};
  }
  if (secagg.group_size == 0) return JobFault{"secagg.group_size", "is not said"};
  if (auto fault = FindListFault(sites)) return fault;
  if (!ParseBlobRef(manifest.group_roster, 0).has_value())
    return JobFault{"group_roster", "must be the SHA-256 of a roster"};
  if (const std::size_t groups = sites.size() / secagg.group_size; groups < LeastGroups(secagg)) {
    return JobFault{"secagg.group_size",
                    "of " + std::to_string(secagg.group_size) + " makes " + std::to_string(groups) +
                        " groups of the " + std::to_string(sites.size()) + " sites on the roster, expected " +
                        std::to_string(LeastGroups(secagg)) + " or more"};
  }
  return std::nullopt;
}

Result<SiteGroups> SiteGroups::Of(const JobManifest& manifest) {
  if (const auto fault = FindGroupFault(manifest)) return Refused(*fault);
  const auto digest = Sha256Digest::Parse(manifest.digest);
  const auto roster = Sha256Digest::Parse(manifest.group_roster);
  if (!manifest.spec.secagg.is_grouped() || !digest.has_value() || !roster.has_value())
    return Status(errors::kJobRefused, "a manifest that is not grouped, or has no digest, has no groups");
  const std::vector<std::string>& sites = manifest.group_sites;
  const std::size_t count = sites.size() / manifest.spec.secagg.group_size;
  const auto order = secagg::GraphPermutation(sites.size(), secagg::GroupSeed(*digest, *roster));
  SiteGroups result;
  result.groups_.resize(count);
  for (std::size_t place = 0; place < order.size(); ++place) {
    // Run i holds the places from ⌈i · n / count⌉ on.
    const auto group = static_cast<std::uint32_t>(place * count / sites.size());
    const std::string& site = sites[order[place]];
    result.groups_[group].push_back(site);
    result.index_[site] = group + 1;
  }
  for (auto& group : result.groups_) std::ranges::sort(group);
  return result;
}

std::optional<std::uint32_t> SiteGroups::IndexOf(std::string_view site) const {
  const auto found = index_.find(site);
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

secagg::Membership SiteGroups::Restrict(const secagg::Membership& roster, std::uint32_t index) const {
  secagg::Membership restricted = roster;
  const std::vector<std::string>& sites = Sites(index);
  for (auto& member : restricted.members)
    member.active = member.active && std::ranges::binary_search(sites, member.name);
  return restricted;
}

std::vector<std::string> ActiveSites(const secagg::Membership& roster) {
  std::vector<std::string> names;
  for (const auto& member : roster.members) {
    if (member.active) names.push_back(member.name);
  }
  return names;
}

Status CheckGroupSites(const JobManifest& manifest, const secagg::Membership& roster) {
  if (roster.hash.hex() != manifest.group_roster) return {};  // a later one moves nobody
  if (ActiveSites(roster) == manifest.group_sites) return {};
  return Status(errors::kSecAggTerms, "the groups of the job are not made of the active sites on the roster");
}

}  // namespace cairn
