#pragma once

#include <string>

#include "protocol/messages/job.h"

namespace cairn {

// What a job lets be read, and by whom, in words for the people who approve it.
std::string ReadableWords(const JobSpec& spec);

}  // namespace cairn
