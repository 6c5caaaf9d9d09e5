// Included once by each step_LEVEL.cc: plain loops that the compiler vectorizes for that level's
// instructions. No standard header here but those without inline functions: a linker might keep such a file's
// copy of one for the whole program.

namespace {

using Size = decltype(sizeof(0));

double Dot(const float* a, const float* b, Size count) {
  constexpr Size kLanes = 16;
  double lanes[kLanes] = {};
  Size i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (Size k = 0; k < kLanes; ++k) lanes[k] += double{a[i + k]} * double{b[i + k]};
  }
  for (Size k = 0; i < count; ++i, ++k) lanes[k] += double{a[i]} * double{b[i]};
  for (Size half = kLanes / 2; half > 0; half /= 2) {
    for (Size k = 0; k < half; ++k) lanes[k] += lanes[k + half];
  }
  return lanes[0];
}

// Adding 1.5·2^52 leaves no bits below the point, and is a loop that compilers vectorize where a conversion
// is not.
std::int64_t Rounded(double value) {
  constexpr double kMagic = 0x1.8p52;
  return __builtin_bit_cast(std::int64_t, value + kMagic) - __builtin_bit_cast(std::int64_t, kMagic);
}

void Round(const float* __restrict values, double scale, std::int64_t* __restrict sum, Size count, bool add) {
  if (add) {
    for (Size i = 0; i < count; ++i) sum[i] += Rounded(double{values[i]} * scale);
  } else {
    for (Size i = 0; i < count; ++i) sum[i] = Rounded(double{values[i]} * scale);
  }
}

void Sgd(float* __restrict w, const float* __restrict g, float lr, float decay, Size count) {
  for (Size i = 0; i < count; ++i) w[i] -= lr * (g[i] + decay * w[i]);
}

}  // namespace
