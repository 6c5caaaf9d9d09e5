#pragma once

#include <functional>
#include <string>
#include <vector>

namespace cairn {

// One line of `cairn doctor`: what was looked at, what was seen, what to do about it.
struct CheckLine {
  enum class Verdict { kGood, kWarning, kBad };
  Verdict verdict = Verdict::kGood;
  std::string name;
  std::string evidence;
  std::string mend;  // empty when good
};

// A group of checks that belong together; `parts` are the words of `doctor [PART]` that include it,
// empty for always.
struct DoctorCheck {
  std::vector<std::string> parts;
  std::function<std::vector<CheckLine>()> run;
};

// Cores, memory, disk, worker program, modes of key files.
std::vector<DoctorCheck> MachineChecks();

}  // namespace cairn
