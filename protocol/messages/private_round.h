#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "privacy/accounting/privacy_event.h"
#include "protocol/messages/job.h"
#include "protocol/messages/private_training.h"

namespace cairn {

// One round of a private job at a site: what the worker does, and what that is charged as. They are made
// together, so that what is paid for is what is done.
struct PrivateRound {
  std::optional<PrivateTraining> training;  // none where clients are protected: they train as always
  PrivacyEvent event;
};

// `population` is the site's public, rounded number of patients. q = batch / population, rounded up to a
// multiple of 2^-53; train.steps steps, or train.epochs × ⌈population / batch⌉. The job has privacy terms.
// kPrivacySampling where a lot is larger than the population; kPrivacyParameter for numbers that cannot be
// priced.
Result<PrivateRound> PrivateRoundOf(const JobSpec& spec, std::uint64_t population);
// Of a job that protects whole clients, with so many parameters and the round's clip. kPrivacyParameter.
Result<PrivateRound> ClientRoundOf(const JobSpec& spec, std::uint64_t parameters, double clip);

// The first thing no worker could train by; empty when there is none.
std::string_view FaultOf(const PrivateTraining& training);

}  // namespace cairn
