#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/config_reader.h"
#include "privacy/accounting/ledger_book.h"

namespace cairn {

// One set of people at a site, and what may be learnt about them over all jobs. A set of people, not a file:
// who names two domains says that nobody is in both.
//
//   [privacy.domain.patients]
//   datasets = ["cardio"]      population = 4000      epsilon = 4.0      delta = 1e-5      accountant = "rdp"
//
// With unit = "client" the domain is this site as a whole, among `population` sites: jobs that protect
// clients are charged there.
struct PrivacyDomain {
  std::string name;
  std::vector<std::string> datasets;  // of these people; no data set is in two domains of one unit
  std::uint64_t population = 0;       // patients, a public number rounded by the administrator; or clients
  DomainTerms terms;
  friend bool operator==(const PrivacyDomain&, const PrivacyDomain&) = default;
};

// Reads the [privacy] table of a site. An absent δ is the population's (Delta::DefaultFor). Faults, δ at
// 1/population or above among them (kPrivacyDelta), are reported by reader.Finish().
std::vector<PrivacyDomain> ReadPrivacyDomains(ConfigReader privacy);

// As a ledger takes them.
std::map<std::string, DomainTerms> DomainTermsOf(const std::vector<PrivacyDomain>& domains);

}  // namespace cairn
