#include "client/policy/privacy_domain.h"

#include <limits>
#include <optional>
#include <set>

#include "protocol/messages/job_limits.h"
#include "protocol/messages/job_words.h"

namespace cairn {
namespace {

constexpr PrivacyConvention kPatients{PrivacyUnit::kPatient, Adjacency::kAddOrRemove};
constexpr PrivacyConvention kClients{PrivacyUnit::kClient, Adjacency::kZeroOut};

// Null where the table cannot be used; Finish says why.
std::optional<PrivacyDomain> ReadDomain(const std::string& name, ConfigReader table) {
  std::vector<std::string> datasets;
  std::uint64_t population = 1;
  double epsilon = 1;
  std::optional<double> given;
  AccountantKind accountant = AccountantKind::kRdp;
  PrivacyUnit unit = PrivacyUnit::kPatient;
  table.Optional("unit", &unit, kPrivacyUnitWords,
                 "whom the cap protects: patients, or this site as a whole");
  table.Required("datasets", &datasets, ConfigRule{.about = "data sets of these people"});
  table.Required(
      "population", &population,
      ConfigRule{
          .min = 1, .max = 1e12, .about = "how many patients, rounded: a public number; or how many sites"});
  table.Required("epsilon", &epsilon,
                 ConfigRule{.min = 0,
                            .max = std::numeric_limits<double>::max(),
                            .above_min = true,
                            .about = "cap on what all jobs together may spend"});
  table.Optional("delta", &given,
                 ConfigRule{.min = 0, .max = 1, .above_min = true, .about = "absent: by the population"});
  table.Optional("accountant", &accountant, kAccountantWords, "which bound the cap is held to");
  if (unit == PrivacyUnit::kClient && accountant == AccountantKind::kPld)
    table.Fail("accountant", "must be \"rdp\" with unit = \"client\": shares of noise have no other price");
  if (population == 0 || !(epsilon > 0)) return std::nullopt;  // noted above
  const auto delta = given ? Delta::ForPopulation(*given, population) : Delta::DefaultFor(population);
  if (!delta.ok()) {
    table.Fail("delta", delta.status());
    return std::nullopt;
  }
  const PrivacyConvention convention = unit == PrivacyUnit::kClient ? kClients : kPatients;
  return PrivacyDomain{name, std::move(datasets), population, {{epsilon, *delta}, convention, accountant}};
}

}  // namespace

std::vector<PrivacyDomain> ReadPrivacyDomains(ConfigReader privacy) {
  std::vector<PrivacyDomain> domains;
  std::set<std::pair<PrivacyUnit, std::string>> taken;
  ConfigReader tables = privacy.Table("domain");
  for (const std::string& name : tables.Keys()) {
    if (name != "*" && !IsPlainName(name))  // "*": the keys alone are asked for
      tables.Fail(name, "a domain's name must be 1 to 64 of a-z, A-Z, 0-9, '.', '_' and '-'");
    ConfigReader table = tables.Table(name);
    auto domain = ReadDomain(name, table);
    if (!domain) continue;
    for (const std::string& dataset : domain->datasets) {
      if (!taken.emplace(domain->terms.convention.unit, dataset).second) {
        table.Fail("datasets", "data set '" + dataset + "' is in two domains",
                   "name it in one: what is learnt about its people is added up there");
      }
    }
    domains.push_back(*std::move(domain));
  }
  return domains;
}

std::map<std::string, DomainTerms> DomainTermsOf(const std::vector<PrivacyDomain>& domains) {
  std::map<std::string, DomainTerms> terms;
  for (const PrivacyDomain& domain : domains) terms.emplace(domain.name, domain.terms);
  return terms;
}

}  // namespace cairn
