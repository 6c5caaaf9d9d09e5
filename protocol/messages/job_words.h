#pragma once

#include "core/base/config_reader.h"
#include "privacy/accounting/accountant.h"
#include "protocol/messages/job.h"

// The words of job.toml for enumerations, for its reader and its writer.

namespace cairn {

inline constexpr ConfigChoice<OptimizerKind> kOptimizerWords[] = {{"sgd", OptimizerKind::kSgd},
                                                                  {"adam", OptimizerKind::kAdam}};
inline constexpr ConfigChoice<Loss> kLossWords[] = {{"cross_entropy", Loss::kCrossEntropy},
                                                    {"bce", Loss::kBce}};
inline constexpr ConfigChoice<SecAggMode> kSecAggWords[] = {
    {"off", SecAggMode::kOff}, {"full", SecAggMode::kFull}, {"grouped", SecAggMode::kGrouped}};
inline constexpr ConfigChoice<GroupRule> kGroupRuleWords[] = {
    {"median", GroupRule::kMedian},
    {"trimmed-mean", GroupRule::kTrimmedMean},
    {"geometric-median", GroupRule::kGeometricMedian}};
inline constexpr ConfigChoice<PrivacyUnit> kPrivacyUnitWords[] = {{"patient", PrivacyUnit::kPatient},
                                                                  {"client", PrivacyUnit::kClient}};
inline constexpr ConfigChoice<PrivacyTerms::Mechanism> kPrivacyMechanismWords[] = {
    {"dp-sgd", PrivacyTerms::Mechanism::kDpSgd},
    {"central", PrivacyTerms::Mechanism::kCentral},
    {"distributed", PrivacyTerms::Mechanism::kDistributed},
    {"local", PrivacyTerms::Mechanism::kLocal}};
inline constexpr ConfigChoice<AccountantKind> kAccountantWords[] = {{"rdp", AccountantKind::kRdp},
                                                                    {"pld", AccountantKind::kPld}};
inline constexpr ConfigChoice<bool> kMaximizeWords[] = {{"max", true}, {"min", false}};

template <class E, std::size_t N>
std::string WordOf(E value, const ConfigChoice<E> (&words)[N]) {
  for (const auto& word : words) {
    if (word.value == value) return std::string(word.name);
  }
  return {};
}

}  // namespace cairn
