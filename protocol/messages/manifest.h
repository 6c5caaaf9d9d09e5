#pragma once

#include <string>

#include "protocol/messages/job.h"

namespace cairn {

// The bytes a manifest's digest is taken over, all fields but the digest:
//
//   bytes  := text("cairn-manifest-2") id spec federation submitter tensors classes initial_model
//   number := 8 bytes little-endian (integers two's complement, reals their IEEE 754 bits, booleans and
//             enumerations 0, 1, …)
//   text   := length in 4 bytes, UTF-8 bytes
//   list   := number(count) element*        hyper-parameters ascend by name
//   choice := number(kind) value
//
// What only some jobs have stands where they have it: in the masking's terms of a grouped job its group
// settings, and at the end the terms of a private one, unit mechanism clip noise_multiplier delta (0: by the
// population), then group_sites and group_roster of a grouped one. So other manifests have the digests they
// always had, and a release that does not know such terms refuses the manifest, whose digest it does not
// reach.
//
// Structs are their fields in the order of job.h, those apart. Protobuf's bytes are not canonical, so they
// are never what is hashed or signed.
std::string CanonicalBytes(const JobManifest& manifest);

// SHA-256 of CanonicalBytes, 64 lower-case hex digits: what a site approves.
std::string ComputeDigest(const JobManifest& manifest);

}  // namespace cairn
