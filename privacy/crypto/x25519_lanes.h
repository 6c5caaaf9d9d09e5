#pragma once

#include <cstddef>

namespace cairn {

// X25519 (RFC 7748 section 5) eight at a time, a product in each 64-bit lane of the widest registers: the
// ladder of the standard, step for step, so time and addresses depend on no scalar and no point. A set per
// instruction level; tests hold each to the published vectors and to OpenSSL.
inline constexpr std::size_t kX25519Lanes = 8, kX25519Bytes = 32;

struct X25519Lanes {
  const char* name;
  bool (*supported)();
  // Eight of 32 bytes each, one after the other: shared[i] = X25519(scalars[i], points[i]); all zero for a
  // point of low order.
  void (*multiply)(const std::byte* scalars, const std::byte* points, std::byte* shared);
};

#if defined(__x86_64__)
extern const X25519Lanes kIfmaX25519;
#endif

// What DeriveAll (agreement.h) works with; null: OpenSSL, one at a time. At first use products of random keys
// are compared with OpenSSL's; lanes that differ are switched off and X25519Fault() says so.
const X25519Lanes* ActiveX25519();
bool X25519Fault();
// For tests and benchmarks: "ifma", "openssl"; false where the CPU lacks it; "auto" resets. Set before
// threads start.
bool ForceX25519(const char* name);

// The lanes if their products are OpenSSL's.
bool AgreesWithOpenSsl(const X25519Lanes& lanes);

}  // namespace cairn
