#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "privacy/secagg/client/client.h"
#include "privacy/secagg/server/server.h"
#include "privacy/secagg/shared/simulated_primitives.h"

namespace cairn::secagg {

// One attempt of the product's own state machines, all sites in this process, until the aggregator has every
// answer it needs. Site 0 computes everything itself and is timed; the others may remember what both ends of
// a pair derive.
class BenchAttempt {
 public:
  struct Size {
    std::uint32_t n = 0, k = 0, t = 0, lost = 0;  // k 0: complete; the last `lost` sites die in training
    std::uint64_t words = 0;
  };
  explicit BenchAttempt(const Size& size);

  // Seconds of site 0: keys and shares; opening what the others sent; masking; the two signed answers.
  struct ClientSeconds {
    double share = 0, open = 0, mask = 0, answer = 0;
    double total() const { return share + open + mask + answer; }
  };
  const ClientSeconds& client_seconds() const { return client_seconds_; }
  double answer_seconds() const { return answer_seconds_; }  // the aggregator's, to take all answers of R4
  Server& server() { return *server_; }

 private:
  void TakeAdverts();
  void TakeShares();
  void TakeInputs();
  void TakeAnswers();
  bool Survives(std::uint32_t m) const { return m < size_.n - size_.lost; }
  // The call of site m; timed when it is site 0.
  template <class Call>
  auto Timed(std::uint32_t m, double& seconds, Call call);

  Size size_;
  std::vector<SigningKey> keys_;  // borrowed by primitives
  SigningKey aggregator_;
  std::shared_ptr<SimulatedMemory> memory_ = std::make_shared<SimulatedMemory>();  // of the sites but 0
  Terms terms_;
  Floors floors_;
  std::shared_ptr<const Membership> membership_;  // of all parties
  std::vector<std::unique_ptr<Client>> clients_;
  std::unique_ptr<Server> server_;
  ClientSeconds client_seconds_;
  double answer_seconds_ = 0;
};

}  // namespace cairn::secagg
