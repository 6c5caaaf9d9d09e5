// A site's side of a masked attempt under any sequence of the aggregator's messages: those of an honest
// attempt, repeated, early, late, distorted, and distorted and signed anew, with restarts from what was saved
// in between. What an honest aggregator says is answered; a message with a wrong signature never is; and
// whatever happens, one attempt hears one set of shares, one masked vector, one decision and one answer.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "tests/fuzz/secagg_lies.h"
#include "tests/fuzz/secagg_world.h"

namespace {

using namespace cairn;                // NOLINT: a program of its own
using namespace cairn::secagg;        // NOLINT
using namespace cairn::secagg::fuzz;  // NOLINT
using Phase = Client::Phase;

constexpr std::uint32_t kOwn = 0;
constexpr int kMostSteps = 48;

// What an honest aggregator and honest others say to the site, when `lost` is silent after its shares.
struct Course {
  CohortMessage cohort;
  DeliveryMessage delivery;
  SurvivorsMessage survivors;
  UnmaskRequest request;
  Bound bound;
};

Course Play(const Setting& setting, std::optional<std::uint32_t> lost) {
  World world(setting);
  const auto server = world.NewServer();
  std::vector<std::unique_ptr<Client>> clients;
  const auto expect = [](const Status& status) { CAIRN_CHECK(status.ok(), "an honest attempt goes well"); };
  for (std::uint32_t m = 0; m < world.sites(); ++m) {
    clients.push_back(world.NewClient(m));
    expect(server->OnAdvert(m, clients[m]->advert()));
  }
  Course course;
  expect(server->CloseAdverts());
  for (std::uint32_t m = 0; m < world.sites(); ++m) {
    expect(server->OnShares(m, clients[m]->OnCohort(*server->CohortFor(m)).value()));
  }
  expect(server->CloseShares());
  for (std::uint32_t m = 0; m < world.sites(); ++m) {
    if (m == lost) continue;
    CAIRN_CHECK(!clients[m]->OnDelivery(*server->DeliveryFor(m)).value(), "no complaint");
    std::vector<std::uint64_t> words = world.InputOf(m);
    expect(world.Mask(*clients[m], words));
    expect(server->OnMasked(m, clients[m]->Masked({}, world.terms().byte_size()).value()));
  }
  expect(server->CloseInputs());
  for (const std::uint32_t m : server->u3()) {
    expect(server->OnAgreed(m, clients[m]->OnSurvivors(*server->SurvivorsFor(m), {}).value()));
  }
  expect(server->CloseAgreement());
  course.cohort = *server->CohortFor(kOwn);
  course.delivery = *server->DeliveryFor(kOwn);
  course.survivors = *server->SurvivorsFor(kOwn);
  course.request = *server->UnmaskRequestFor(kOwn);
  course.bound = {ContextOf(world, course.cohort).value(), course.delivery.u2, course.survivors.u3};
  return course;
}

// A pure function, remembered.
const Course& CourseOf(const Setting& setting, std::optional<std::uint32_t> lost) {
  static std::map<std::pair<Setting, std::optional<std::uint32_t>>, Course> played;
  const auto at = played.find({setting, lost});
  if (at != played.end()) return at->second;
  return played.emplace(std::pair(setting, lost), Play(setting, lost)).first->second;
}

enum class Truth : std::uint8_t { kGenuine, kDistorted, kLie };  // a lie is signed

class Site {
 public:
  Site(const Setting& setting, const Course& course)
      : world_(setting), course_(course), bound_(course.bound), client_(world_.NewClient(kOwn)) {}

  void Step(Choices& choices) {
    const Phase before = client_->phase();
    Act(choices);
    CAIRN_CHECK(client_->phase() >= before, "no phase comes again");
  }

 private:
  void Act(Choices& choices) {
    switch (choices.Below(10)) {
      case 0:
        return ShowCohort(choices, TruthOf(choices));
      case 1:
        return Deliver(choices, TruthOf(choices));
      case 2:
        return Mask(choices);
      case 3:
        return Name(choices.Below(2) == 0 ? Sha256Digest{} : Sha256::Of("another"));
      case 4:
        return NameSurvivors(choices, TruthOf(choices));
      case 5:
        return AskForShares(choices, TruthOf(choices));
      case 6:
        return Restart();
      case 7:
        return RestoreDamaged(choices);
      default:
        return GoOn(choices);
    }
  }

  static Truth TruthOf(Choices& choices) { return static_cast<Truth>(choices.Below(3)); }

  // The message that is due, genuine.
  void GoOn(Choices& choices) {
    switch (client_->phase()) {
      case Phase::kAdvertised:
        return ShowCohort(choices, Truth::kGenuine);
      case Phase::kShared:
        return Deliver(choices, Truth::kGenuine);
      case Phase::kDelivered:
        return masked_ ? Name({}) : MaskWords();
      case Phase::kMasked:
        return NameSurvivors(choices, Truth::kGenuine);
      case Phase::kDecided:
      case Phase::kAnswered:
      case Phase::kFailed:
        return AskForShares(choices, Truth::kGenuine);
    }
  }

  template <class Message>
  Message Make(const Message& genuine, Choices& choices, Truth truth) {
    Message message = genuine;
    if (truth == Truth::kGenuine) return message;
    for (std::size_t times = 1 + choices.Below(3); times > 0; --times) Distort(message, choices);
    if (truth == Truth::kLie) Sign(world_, bound_, message);
    return message;
  }

  // The one thing of its kind that this attempt ever says.
  template <class Message>
  void Says(std::optional<Message>& said, const Message& message) {
    CAIRN_CHECK(client_->phase() != Phase::kFailed, "a site that left says nothing");
    CAIRN_CHECK(!said || *said == message, "a site says one thing of a kind");
    said = message;
  }
  bool IsDue(Phase phase, Truth truth) const {
    return truth == Truth::kGenuine && is_bound_to_truth_ && client_->phase() == phase;
  }

  void ShowCohort(Choices& choices, Truth truth) {
    const bool due = IsDue(Phase::kAdvertised, truth);
    const CohortMessage message = Make(course_.cohort, choices, truth);
    const auto shares = client_->OnCohort(message);
    CAIRN_CHECK(shares.ok() || !due, "an honest cohort is answered");
    if (!shares.ok()) return;
    CAIRN_CHECK(truth != Truth::kDistorted || message == course_.cohort, "a cohort is signed");
    Says(shares_, *shares);
    if (message == course_.cohort) return;
    is_bound_to_truth_ = false;
    bound_.cc = ContextOf(world_, message).value();
  }

  void Deliver(Choices& choices, Truth truth) {
    const bool due = IsDue(Phase::kShared, truth);
    const DeliveryMessage message = Make(course_.delivery, choices, truth);
    const auto complaint = client_->OnDelivery(message);
    CAIRN_CHECK(!due || (complaint.ok() && !*complaint), "an honest delivery is taken");
    if (!complaint.ok()) return;
    if (*complaint) {
      CAIRN_CHECK(client_->phase() == Phase::kFailed, "who complains leaves");
      return;
    }
    CAIRN_CHECK(truth != Truth::kDistorted || message == course_.delivery, "a delivery is signed and sealed");
    if (message != course_.delivery) is_bound_to_truth_ = false;
    if (client_->phase() == Phase::kDelivered) bound_.u2 = message.u2;
  }

  void Mask(Choices& choices) {
    if (choices.Below(3) != 0) return MaskWords();
    std::vector<std::uint64_t> words(choices.Below(12));
    if (words.size() == World::kWords) return;
    CAIRN_CHECK(!world_.Mask(*client_, words).ok(), "a vector of another length is refused");
  }
  void MaskWords() {
    const std::vector<std::uint64_t> input = world_.InputOf(kOwn);
    std::vector<std::uint64_t> words = input;
    const bool due = client_->phase() == Phase::kDelivered && !masked_;
    const Status status = world_.Mask(*client_, words);
    CAIRN_CHECK(status.ok() == due, "masks are added once, when they are known");
    CAIRN_CHECK((words != input) == due, "a refused vector is as it was, a masked one is another");
    masked_ = masked_ || due;
  }

  void Name(const Sha256Digest& object) {
    const bool due = client_->phase() == Phase::kDelivered && masked_;
    const auto input = client_->Masked(object, world_.terms().byte_size());
    CAIRN_CHECK(input.ok() || !due, "a masked vector is named");
    if (input.ok()) Says(named_, *input);
  }

  void NameSurvivors(Choices& choices, Truth truth) {
    const bool due = IsDue(Phase::kMasked, truth);
    const SurvivorsMessage message = Make(course_.survivors, choices, truth);
    const auto agreed = client_->OnSurvivors(message, {});
    CAIRN_CHECK(agreed.ok() || !due, "honest survivors are agreed to");
    if (!agreed.ok()) return;
    const bool known = message.u3 == course_.survivors.u3 || (agreed_ && message.u3 == bound_.u3);
    CAIRN_CHECK(truth != Truth::kDistorted || known, "survivors are signed for");
    Says(agreed_, *agreed);
    if (message.u3 != course_.survivors.u3) is_bound_to_truth_ = false;
    bound_.u3 = message.u3;
  }

  void AskForShares(Choices& choices, Truth truth) {
    const bool due = IsDue(Phase::kDecided, truth);
    const UnmaskRequest message = Make(course_.request, choices, truth);
    const auto answer = client_->OnUnmask(message);
    CAIRN_CHECK(answer.ok() || !due, "an honest request is answered");
    if (!answer.ok()) return;
    CAIRN_CHECK(message.agreed.size() >= 3, "t sites agreed");
    Says(answer_, *answer);
    for (const RevealedShare& share : answer->shares) {
      CAIRN_CHECK((share.kind == ShareKind::kSelfMask) == bound_.u3.Has(share.owner),
                  "of survivors the self mask, of the lost the mask key");
    }
  }

  void Restart() {
    const SecretBytes saved = client_->Save();
    auto restored = world_.RestoreClient(kOwn, saved.Reveal(RevealSecret{}));
    CAIRN_CHECK(restored.ok(), "what was saved is read");
    CAIRN_CHECK((*restored)->phase() == client_->phase() && (*restored)->Save() == saved,
                "a restored site is the same site");
    client_ = std::move(*restored);
  }

  // Sealed on disk, so only our own old versions can look like this: any behaviour but a fault of memory or a
  // failed check is good.
  void RestoreDamaged(Choices& choices) {
    SecretBytes saved = client_->Save();
    const std::span<std::byte> bytes = saved.Overwrite(RevealSecret{});
    const std::size_t at = choices.Next() + 256u * choices.Next();
    bytes[at % bytes.size()] ^= static_cast<std::byte>(1u << choices.Below(8));
    const std::size_t cut = choices.Below(4) == 0 ? choices.Next() : 0;
    const auto restored = world_.RestoreTwin(kOwn, bytes.first(bytes.size() - std::min(cut, bytes.size())));
    if (!restored.ok()) return;
    Client& other = **restored;
    (void)other.OnCohort(course_.cohort);
    (void)other.OnDelivery(course_.delivery);
    std::vector<std::uint64_t> words = world_.InputOf(kOwn);
    (void)world_.Mask(other, words);
    (void)other.Masked({}, world_.terms().byte_size());
    (void)other.OnSurvivors(course_.survivors, {});
    (void)other.OnUnmask(course_.request);
    (void)other.Save();
    (void)other.survivors();
  }

  World world_;
  const Course& course_;
  Bound bound_;
  std::unique_ptr<Client> client_;
  bool is_bound_to_truth_ = true, masked_ = false;
  std::optional<SharesMessage> shares_;
  std::optional<MaskedInput> named_;
  std::optional<AgreementMessage> agreed_;
  std::optional<UnmaskMessage> answer_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Choices choices({data, size});
  const Setting setting = Setting::From(choices);
  const std::size_t lost = choices.Below(setting.sites());  // 0: nobody
  const std::optional<std::uint32_t> silent = lost == 0 ? std::nullopt : std::optional<std::uint32_t>(lost);
  Site site(setting, CourseOf(setting, silent));
  for (int step = 0; step < kMostSteps && !choices.done(); ++step) site.Step(choices);
  return 0;
}
