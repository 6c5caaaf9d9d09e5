#include <filesystem>
#include <memory>

#include "cli/cairn/commands.h"
#include "cli/cairn/privacy_plan.h"
#include "protocol/messages/job_config.h"

namespace cairn {
namespace {

struct Options {
  std::string file;
  std::int64_t patients = 0, clients = 0;
  double target_epsilon = 0, delta = 0;
};

// The flag that counts the people whom the job's unit protects.
Result<std::uint64_t> Population(const Options& options, PrivacyUnit unit) {
  const bool is_patient = unit == PrivacyUnit::kPatient;
  const std::int64_t wanted = is_patient ? options.patients : options.clients;
  if (wanted > 0) return static_cast<std::uint64_t>(wanted);
  return Status(errors::kPrivacyParameter, is_patient ? "the job protects patients, and --patients is missing"
                                                      : "the job protects clients, and --clients is missing")
      .Mend(is_patient ? "say how many patients the site has: --patients 4000"
                       : "say how many clients there are: --clients 2000");
}

Status NoTerms(const std::string& file) {
  return Status(errors::kConfigMissing, file + " has no [privacy] table")
      .Mend("give it one, such as privacy = { noise_multiplier = 1.5 }");
}

Status Plan(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument document, ConfigDocument::ReadFile(options.file));
  ConfigReader root(document);
  const JobFile job = ParseJobSpec(root);
  CAIRN_RETURN_IF_ERROR(root.Finish());
  if (!job.spec.privacy) return NoTerms(options.file);
  PrivacyTerms terms = *job.spec.privacy;
  if (options.delta != 0) terms.delta = options.delta;
  CAIRN_ASSIGN_OR_RETURN(const std::uint64_t population, Population(options, terms.unit));
  std::optional<double> target;
  if (options.target_epsilon != 0) target = options.target_epsilon;
  CAIRN_ASSIGN_OR_RETURN(const PrivacyPlan plan, MakePrivacyPlan(job.spec, terms, population, target));
  out.Print(PrivacyPlanText(plan));
  out.Data(PrivacyPlanJson(plan));
  return {};
}

}  // namespace

void AddPrivacyCommands(CommandSet& commands) {
  commands.Group("privacy", "What privacy would cost");
  auto options = std::make_shared<Options>();
  commands.Add("privacy plan", "Says what epsilon a job file would spend, and which noise a target needs")
      .Takes({"FILE", "job.toml with a [privacy] table", &options->file})
      .Has({"--patients", "N", "patients at the site, where they are the unit", &options->patients})
      .Has({"--clients", "N", "clients of the federation, where they are the unit", &options->clients})
      .Has({"--target-epsilon", "E", "the noise and the rounds that keep to it", &options->target_epsilon})
      .Has({"--delta", "D", "instead of the file's", &options->delta})
      .Example("cairn privacy plan cardio.toml --patients 4000 --target-epsilon 4")
      .Run([options](CommandOutput& out) { return Plan(*options, out); });
}

}  // namespace cairn
