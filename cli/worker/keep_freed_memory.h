#pragma once

namespace cairn {

// Training frees and allocates the same activations at every step and the same sums at every round. The C
// library gives large ones back to the system each time and fetches them again page by page, which the kernel
// clears: 4 % of a convolutional round on two lanes. From here on the process keeps what it once had. For
// programs whose memory belongs to one piece of work; call it before threads start.
void KeepFreedMemory();

}  // namespace cairn
