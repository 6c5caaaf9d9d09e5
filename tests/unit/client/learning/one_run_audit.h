#pragma once

namespace cairn {

// What one training run shows about its ε (Steinke, Nasr, Jagielski 2023, arXiv 2305.08846, Appendix D): of m
// canaries, each in or out by its own fair coin, r were guessed and v of the guesses right. The largest ε
// that so many right guesses refute at 95 %, with the δ of the promise; 0 where they refute none.
struct AuditResult {
  double canaries = 0, guesses = 0, right = 0, delta = 0;
};
double EpsilonShownBy(const AuditResult& result);
// How probable so many right guesses are at most under (ε, δ).
double AuditPValue(const AuditResult& result, double epsilon);

}  // namespace cairn
