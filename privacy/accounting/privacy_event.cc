#include "privacy/accounting/privacy_event.h"

#include <cmath>
#include <cstdio>
#include <utility>

namespace cairn {
namespace {

Status CheckPositive(const char* name, double value) {
  if (value > 0 && std::isfinite(value)) return {};
  char text[96];
  std::snprintf(text, sizeof text, "%s is %g, expected positive and finite", name, value);
  return Status(errors::kPrivacyParameter, text);
}

Status CheckSampling(const GaussianNoise& noise, Adjacency adjacency) {
  CAIRN_RETURN_IF_ERROR(CheckPositive("the sampling rate", noise.sampling_rate));
  if (noise.sampling_rate > 1) {
    return Status(errors::kPrivacyParameter, "the sampling rate is above 1");
  }
  switch (noise.law) {
    case SamplingLaw::kEveryone:
      if (noise.sampling_rate == 1) return {};
      return Status(errors::kPrivacySampling, "a sampling rate below 1 where everyone takes part");
    case SamplingLaw::kPoisson:
      if (adjacency == Adjacency::kAddOrRemove) return {};
      return Status(errors::kPrivacySampling,
                    "Poisson sampling is priced under add or remove one, not under " + ToString(adjacency));
    case SamplingLaw::kFixedSize:
    case SamplingLaw::kShuffled:
      break;
  }
  return Status(errors::kPrivacySampling, "the sampling is " + ToString(noise.law));
}

struct Checker {
  const PrivacyConvention& convention;

  Status operator()(const NoNoise&) const { return {}; }
  Status operator()(const GaussianNoise& noise) const {
    CAIRN_RETURN_IF_ERROR(CheckPositive("the noise multiplier", noise.noise_multiplier));
    return CheckSampling(noise, convention.adjacency);
  }
  Status operator()(const DistributedGaussianNoise& noise) const {
    CAIRN_RETURN_IF_ERROR(CheckPositive("the noise of a share", noise.share_sigma));
    CAIRN_RETURN_IF_ERROR(CheckPositive("the norm bound", noise.norm_bound));
    if (noise.honest == 0) return Status(errors::kPrivacyParameter, "no share of noise can be counted on");
    if (noise.dimension == 0) return Status(errors::kPrivacyParameter, "the sum has no coordinates");
    if (convention.adjacency == Adjacency::kZeroOut) return {};
    return Status(errors::kPrivacyConvention,
                  "distributed noise is priced under zero-out, not under " + ToString(convention.adjacency));
  }
};

}  // namespace

Result<PrivacyEvent> PrivacyEvent::Create(Terms terms) {
  if (terms.steps == 0 || terms.steps > kMaxSteps) {
    return Status(errors::kPrivacyParameter,
                  std::to_string(terms.steps) + " steps, expected from 1 to " + std::to_string(kMaxSteps));
  }
  CAIRN_RETURN_IF_ERROR(std::visit(Checker{terms.convention}, terms.mechanism));
  return PrivacyEvent(std::move(terms));
}

std::string ToString(PrivacyUnit unit) {
  switch (unit) {
    case PrivacyUnit::kPatient:
      return "patient";
    case PrivacyUnit::kClient:
      return "client";
    case PrivacyUnit::kRow:
      return "row";
  }
  return "unknown";
}

std::string ToString(Adjacency adjacency) {
  switch (adjacency) {
    case Adjacency::kAddOrRemove:
      return "add or remove one";
    case Adjacency::kZeroOut:
      return "zero-out";
    case Adjacency::kReplaceOne:
      return "replace one";
  }
  return "unknown";
}

std::string ToString(SamplingLaw law) {
  switch (law) {
    case SamplingLaw::kEveryone:
      return "everyone";
    case SamplingLaw::kPoisson:
      return "Poisson";
    case SamplingLaw::kFixedSize:
      return "lots of fixed size";
    case SamplingLaw::kShuffled:
      return "shuffled lots";
  }
  return "unknown";
}

std::string ToString(const PrivacyConvention& convention) {
  return ToString(convention.unit) + ", " + ToString(convention.adjacency);
}

}  // namespace cairn
