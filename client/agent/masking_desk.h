#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>

#include "client/agent/agent_messages.h"
#include "core/base/result.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/secagg/client/client.h"

namespace cairn {

// Where a site's maskings survive a restart: one record a job, replaced as a whole. It holds round secrets
// until they are used, so a store seals what it writes.
class MaskingStorage {
 public:
  virtual ~MaskingStorage() = default;
  virtual Status Save(JobId job, const SecretBytes& state) = 0;  // durable on return
  virtual Result<SecretBytes> Load(JobId job) = 0;               // kNotFound; kStorageCorrupt
  virtual void Drop(JobId job) = 0;
};

// The masked attempts a site takes part in, at most one a job: performs BeginMasking, StepMasking, MaskInput
// and EndMasking. What a reply rests on is durable before the reply is returned, so a restarted site says the
// same again and never anything else: one masked input an attempt, one set of survivors, no attempt older
// than the last one seen.
//
// One call at a time; calls cost key agreements, so they belong on a lane.
class MaskingDesk {
 public:
  using NewPrimitives = std::function<std::unique_ptr<secagg::Primitives>(const RoundKey&)>;
  // `site` is this participant's name on the roster. `storage` outlives the desk; null for participants that
  // live as long as their process.
  MaskingDesk(std::string site, MaskingStorage* storage, NewPrimitives primitives);
  ~MaskingDesk();

  Result<MaskingStep> Begin(const BeginMasking& begin);
  // A contradiction of the aggregator is no error: it comes back as the step's evidence.
  Result<MaskingStep> Step(const StepMasking& step);
  Result<SealedReport> Mask(const MaskInput& input, const std::function<Status(const SealedReport&)>& spool);
  void End(RoundKey key);

 private:
  struct Attempt;
  Attempt* Find(RoundKey key);
  Status Recall(Attempt& attempt, const BeginMasking& begin);
  Status Save(const Attempt& attempt);
  Result<MaskingStep> Answer(Attempt& attempt, const secagg::ToClient& message);
  Result<MaskingStep> OnUnmask(Attempt& attempt, const secagg::UnmaskRequest& request);

  const std::string site_;
  MaskingStorage* const storage_;
  const NewPrimitives new_primitives_;
  std::map<JobId, secagg::SeenKeys> seen_;  // of earlier attempts since this process started
  std::map<JobId, std::unique_ptr<Attempt>> attempts_;
};

}  // namespace cairn
