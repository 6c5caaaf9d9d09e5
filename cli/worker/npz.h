#pragma once

#include <string>

#include "core/base/result.h"
#include "core/tensor/parameter_set.h"

namespace cairn {

// A model as numpy.load reads it: a zip archive, stored without compression, with one NPY 1.0 array a
// tensor, NAME.npy, in spec order (PKWARE APPNOTE 6.3, NumPy NEP 1). Floats are <f4, counters <i8. Equal
// sets give equal bytes: the archive has no time in it. kModelSpec for a name that would leave the folder
// an archive is unpacked to, and for more than 4 GiB, which would need the 64-bit form.
Result<std::string> ToNpz(const ParameterSet& set);

}  // namespace cairn
