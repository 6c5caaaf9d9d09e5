#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "privacy/secagg/shared/party.h"
#include "protocol/messages/job.h"
#include "protocol/messages/job_limits.h"

namespace cairn {

// Who is in which group of a grouped job. A function of the manifest alone: the sites that its group_sites
// name, permuted by SHA-256(T(group; manifest hash, roster hash)) and cut into runs. Each site works out its
// own group from the manifest that it approved, and what is not in the manifest (who joined, who was revoked
// since, a newer roster) moves nobody. Groups are never drawn again: sums over groups that overlap could be
// solved for single sites.
//
// ⌊sites / group_size⌋ runs, whose sizes differ by at most one: none is below group_size, nobody is left
// over. An immutable value.
class SiteGroups {
 public:
  // `manifest` has its digest. kJobRefused where FindGroupFault finds something.
  static Result<SiteGroups> Of(const JobManifest& manifest);

  std::uint32_t count() const { return static_cast<std::uint32_t>(groups_.size()); }
  // 1 … count(), as the terms of a masking number them; nothing for a site that is not in the job.
  std::optional<std::uint32_t> IndexOf(std::string_view site) const;
  const std::vector<std::string>& Sites(std::uint32_t index) const {
    return groups_[index - 1];
  }  // ascending
  // The roster's members as this group's maskings see them: nobody else is active.
  secagg::Membership Restrict(const secagg::Membership& roster, std::uint32_t index) const;

 private:
  std::vector<std::vector<std::string>> groups_;
  std::map<std::string, std::uint32_t, std::less<>> index_;
};

// Groups without which there is no round: 3, and one more than a trimmed mean leaves out.
std::uint32_t LeastGroups(const SecAggConfig& secagg);
// Fewest sites that a group's sum may hold.
std::uint32_t SmallestGroupSum(const SecAggConfig& secagg);
// Most sites a group can have, however many sites there are.
std::uint32_t LargestGroup(const SecAggConfig& secagg);
inline constexpr std::uint32_t kMaxGroupSize = 96;  // LargestGroup of it is 128, the largest complete graph

// What is wrong with the groups of a manifest: too few sites, not ascending, named where the job is not
// grouped.
std::optional<JobFault> FindGroupFault(const JobManifest& manifest);
// kSecAggTerms where `roster` is the one that named the job's sites, and names others.
Status CheckGroupSites(const JobManifest& manifest, const secagg::Membership& roster);
// The active members of a roster, as a manifest's group_sites.
std::vector<std::string> ActiveSites(const secagg::Membership& roster);

}  // namespace cairn
