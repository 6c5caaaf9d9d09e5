#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/tensor/update.h"
#include "privacy/secagg/shared/messages.h"
#include "protocol/messages/job.h"
#include "protocol/messages/metrics.h"
#include "protocol/messages/work.h"

// The conversation between a site's agent and the aggregator. Large vectors ride as handles:
// moving a message moves the handle; transports turn it into a content-addressed transfer and
// deliver the message only when the bytes are whole and verified.

namespace cairn {

inline constexpr std::uint32_t kProtocolMin = 2;
inline constexpr std::uint32_t kProtocolMax = 2;

// Which attempt of which round of which job something belongs to.
struct RoundKey {
  JobId job;
  RoundId round;
  std::uint32_t attempt = 0;  // from 1
  friend auto operator<=>(const RoundKey&, const RoundKey&) = default;
};

// The words of a site's contribution to a sum in a ring (masked_layout.h), little-endian. Immutable,
// thread-safe.
class RingPayload {
 public:
  virtual ~RingPayload() = default;
  virtual std::span<const std::byte> bytes() const = 0;
};
using RingHandle = std::shared_ptr<const RingPayload>;

// Words in memory of their own, aligned for either ring.
class RingMemory final : public RingPayload {
 public:
  explicit RingMemory(std::size_t size)
      : words_(std::make_unique_for_overwrite<std::uint64_t[]>((size + 7) / 8)), size_(size) {}
  std::span<const std::byte> bytes() const override {
    return {reinterpret_cast<const std::byte*>(words_.get()), size_};
  }
  std::span<std::byte> mutable_bytes() { return {reinterpret_cast<std::byte*>(words_.get()), size_}; }

 private:
  std::unique_ptr<std::uint64_t[]> words_;
  std::size_t size_;
};

// ---- agent → aggregator

struct Hello {
  std::uint32_t protocol_min = kProtocolMin, protocol_max = kProtocolMax;
  std::string software;                   // "cairn 0.1.0"
  std::string site;                       // must equal the certificate's name
  std::vector<std::string> capabilities;  // "f32"
};

enum class JobAnswer : std::uint8_t { kAccept = 1, kDecline = 2, kPending = 3 };
struct JobReply {
  JobId job;
  JobAnswer answer = JobAnswer::kDecline;
  std::uint16_t reason_id = 0;  // catalogue id when declined or pending
  std::string reason;
};

struct Heartbeat {
  RoundKey key;  // zero when idle
  // Grows with each beat in which the work got on, from 0 for each plan: that it does, not how far.
  std::int64_t progress = 0;
};

struct Report {
  RoundKey key;
  RoundKind kind = RoundKind::kTrain;
  std::int64_t examples = 0;
  std::uint64_t layout_hash = 0;
  MetricSums metrics;
  UpdateHandle update;  // null for kEvaluate
  // Instead of examples, metrics and update where the job's sums are masked: all of them are words of one
  // vector, and nothing that depends on data stands beside it.
  RingHandle ring;
  std::optional<secagg::MaskedInput> masked;  // absent only in a simulation that leaves the masks out
  // Set by the edge that decoded the bytes when they failed CheckUpdate or the layout: the engine
  // counts and refuses it, naming the site.
  Status fault;
};

struct RoundDecline {  // the site cannot or will not finish this attempt
  RoundKey key;
  std::uint16_t reason_id = 0;
  std::string reason;
};

struct MaskingToServer {  // what a site says in the phases of a masked round
  RoundKey key;
  secagg::ToServer body;
};

using ClientMessage = std::variant<Hello, JobReply, Heartbeat, Report, RoundDecline, MaskingToServer>;

// ---- aggregator → agent

struct Welcome {
  std::uint32_t protocol = kProtocolMax;
  std::string software;
  SessionId session;
  Duration heartbeat{};  // how often the agent must show progress
};

struct Refusal {  // followed by the end of the stream
  std::uint16_t reason_id = 0;
  std::string reason;
  std::uint32_t protocol_min = kProtocolMin, protocol_max = kProtocolMax;
};

struct JobOffer {
  std::shared_ptr<const JobManifest> manifest;
};

// How a site joins the attempt's masking. Every other term it works out from what it holds itself.
struct PlanMasking {
  Sha256Digest context;  // rc as the aggregator computes it: another one at the site is a refusal
  std::string roster;    // the root-signed file whose members take part; empty where nobody needs it
  Status roster_fault;   // set by the receiving driver when the file is not to be believed
};

struct RoundPlan {
  RoundKey key;
  RoundKind kind = RoundKind::kTrain;
  ClientId client;
  TrainConfig train;
  bool evaluate = true;
  Duration deadline{};  // from now, 0: none
  std::uint64_t layout_hash = 0;
  BlobRef model_ref;
  ModelHandle model;  // filled in by the receiving transport once the blob is whole
  std::optional<PlanMasking> masking;
  double clip = 0;  // this round's, of a job that protects whole clients (client_noise.h); else 0
};

enum class ReportOutcome : std::uint8_t { kAccepted = 1, kDuplicate = 2, kLate = 3, kInvalid = 4 };
struct ReportReceipt {
  RoundKey key;
  ReportOutcome outcome = ReportOutcome::kAccepted;
  std::uint16_t reason_id = 0;
  std::string reason;
};

struct RoundClosed {  // nothing more is wanted for this attempt; work on it may stop
  RoundKey key;
  bool committed = false;
};

enum class JobOutcome : std::uint8_t { kFinished = 1, kStopped = 2, kFailed = 3 };
struct JobEnded {
  JobId job;
  JobOutcome outcome = JobOutcome::kFinished;
  std::string reason;
};

struct MaskingToClient {
  RoundKey key;
  secagg::ToClient body;
};

using ServerMessage = std::variant<Welcome, Refusal, JobOffer, RoundPlan, ReportReceipt, RoundClosed,
                                   JobEnded, MaskingToClient>;

}  // namespace cairn
