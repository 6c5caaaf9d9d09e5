// 10,000 lives of a ledger. Each makes charges, reveals and carries; the process dies at a random byte of
// what it writes, or somebody restores an older copy; then the next life begins on what is left.
// CAIRN_LEDGER_SEED=n repeats schedule n alone, CAIRN_LEDGER_RUNS changes their number.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "core/base/random.h"
#include "privacy/crypto/private_file.h"
#include "tests/unit/privacy/accounting/ledger_parts.h"

namespace cairn {
namespace {

// Three charges fit.
const double kCap = RdpEpsilon(1, 4, 3, 1e-5) + 1e-9;

struct Files {
  Bytes log, heads;
};

// The world outside the process: what it was promised, and what left.
struct World {
  std::vector<Charge> permitted;     // each paid for, whatever became of the process
  std::set<ChargeKey> revealed;      // acknowledged
  std::optional<LogHead> last_head;  // the aggregator has seen it
};

class Schedule {
 public:
  explicit Schedule(std::uint64_t seed) : random_(SeededRandom(seed).Open({})) {
    path_ = folder_ / "ledger";
    heads_path_ = folder_ / "ledger.head";
  }

  void Run() {
    for (int life = 0; life < 3 && !testing::Test::HasFailure(); ++life) Live();
    ExpectSoundBooks();
  }
  int overspends() const { return overspends_; }
  int old_copies() const { return old_copies_; }
  int refusals() const { return refusals_; }

 private:
  void Live() {
    auto opened = PrivacyLedger::Open(path_, Domains(kCap), world_.last_head);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    std::unique_ptr<PrivacyLedger> ledger = *std::move(opened);
    ExpectNothingLost(*ledger);
    const auto acts = random_.Below(4);
    for (std::uint64_t act = 0; act < acts; ++act) {
      before_ = ReadFiles();
      Act(*ledger, true);
      world_.last_head = ledger->head();
    }
    before_ = ReadFiles();
    Act(*ledger, false);  // this one's answer never arrives
    ledger.reset();
    TearLastWrite();
    if (random_.Below(8) == 0) ExpectOldCopyIsRefused();
  }

  void Act(PrivacyLedger& ledger, bool is_answered) {
    const ChargeKey key = KeyOf(1 + random_.Below(6), 1 + static_cast<std::uint32_t>(random_.Below(2)));
    const auto kind = random_.Below(8);
    if (kind < 5) {
      const Charge charge{key, GaussianEvent(1, 4, 1)};
      const auto permit = ledger.Charge(charge);
      EXPECT_FALSE(permit.ok() && world_.revealed.contains(key)) << "a revealed release was allowed again";
      if (permit.status().id() == errors::kPrivacyBudget) ++refusals_;
      if (permit.ok() && is_answered) Permit(charge);
    } else if (kind < 7) {
      if (ledger.Reveal(key).ok() && is_answered) world_.revealed.insert(key);
    } else {
      const auto permit = ledger.Carry(key, 3);
      EXPECT_FALSE(permit.ok() && world_.revealed.contains(key)) << "a revealed release was carried on";
    }
  }

  void Permit(const Charge& charge) {
    world_.permitted.push_back(charge);
    // Permits of one key share a charge; nothing else does.
    std::set<ChargeKey> distinct;
    for (const Charge& known : world_.permitted) distinct.insert(known.key);
    if (RdpEpsilon(1, 4, distinct.size(), 1e-5) > kCap) ++overspends_;
  }

  // The bytes on disk when the process dies somewhere within its last write: a part of the record; or all of
  // it and a part of the slot; or both, and the answer was lost.
  void TearLastWrite() {
    Files after = ReadFiles();
    if (after.log.size() == before_.log.size()) return;
    const std::uint64_t grown = after.log.size() - before_.log.size();
    switch (random_.Below(3)) {
      case 0:
        after.log.resize(before_.log.size() + random_.Below(grown + 1));
        after.heads = before_.heads;
        break;
      case 1: {
        Bytes heads = before_.heads;
        const std::uint64_t kept = random_.Below(after.heads.size() + 1);
        heads.resize(std::max<std::size_t>(heads.size(), kept));
        std::copy_n(after.heads.begin(), kept, heads.begin());
        after.heads = heads;
        break;
      }
      default:
        break;
    }
    WriteFiles(after);
  }

  void ExpectOldCopyIsRefused() {
    const Files now = ReadFiles();
    if (!world_.last_head || world_.last_head->sequence < 2) return;
    ++old_copies_;
    // A ledger of fewer records than the aggregator has seen.
    const auto old_path = folder_ / "old";
    auto old = PrivacyLedger::Open(old_path, Domains(kCap)).value();
    ASSERT_TRUE(old->Charge(ChargeOf(1)).ok());
    old.reset();
    WriteFiles({ReadPublicFile(old_path).value(), ReadPublicFile(old_path.string() + ".head").value()});
    EXPECT_EQ(PrivacyLedger::Open(path_, Domains(kCap), world_.last_head).status().id(),
              errors::kPrivacyLedgerBroken);
    WriteFiles({ReadPublicFile(old_path).value(), now.heads});
    EXPECT_EQ(PrivacyLedger::Open(path_, Domains(kCap)).status().id(), errors::kPrivacyLedgerBroken);
    WriteFiles(now);
    std::filesystem::remove(old_path);
    std::filesystem::remove(old_path.string() + ".head");
  }

  void ExpectNothingLost(const PrivacyLedger& ledger) const {
    const std::vector<Charge> charges = ledger.Charges("patients");
    for (const Charge& promised : world_.permitted) {
      EXPECT_NE(std::find(charges.begin(), charges.end(), promised), charges.end()) << "a charge was lost";
    }
    EXPECT_LE(ledger.Spent("patients").value().epsilon, kCap);
  }

  void ExpectSoundBooks() {
    const auto ledger = PrivacyLedger::Open(path_, Domains(kCap), world_.last_head);
    ASSERT_TRUE(ledger.ok()) << ledger.status().ToString();
    ExpectNothingLost(**ledger);
    for (const ChargeKey& key : world_.revealed) {
      EXPECT_EQ((*ledger)->Charge({key, GaussianEvent(1, 4, 1)}).status().id(), errors::kPrivacyRevealed);
    }
    EXPECT_TRUE(PrivacyLedger::Verify(path_, world_.last_head).ok());
  }

  Files ReadFiles() const { return {ReadPublicFile(path_).value(), ReadPublicFile(heads_path_).value()}; }
  void WriteFiles(const Files& files) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << AsText(files.log);
    std::ofstream(heads_path_, std::ios::binary | std::ios::trunc) << AsText(files.heads);
  }

  ScratchFolder folder_;
  std::filesystem::path path_, heads_path_;
  RandomStream random_;
  World world_;
  Files before_;
  int overspends_ = 0, old_copies_ = 0, refusals_ = 0;
};

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(LedgerCrashTest, TenThousandSchedulesOverspendNothingAndLoseNothing) {
  if (std::filesystem::is_directory("/dev/shm"))
    setenv("TMPDIR", "/dev/shm", 1);  // a sync costs nothing there
  const std::uint64_t only = FromEnvironment("CAIRN_LEDGER_SEED", ~std::uint64_t{0});
  const std::uint64_t first = only == ~std::uint64_t{0} ? 0 : only;
  const std::uint64_t last =
      only == ~std::uint64_t{0} ? FromEnvironment("CAIRN_LEDGER_RUNS", 10'000) : only + 1;
  int overspends = 0, old_copies = 0, refusals = 0;
  for (std::uint64_t seed = first; seed < last; ++seed) {
    Schedule schedule(seed);
    schedule.Run();
    overspends += schedule.overspends(), old_copies += schedule.old_copies();
    refusals += schedule.refusals();
    ASSERT_FALSE(HasFailure()) << "CAIRN_LEDGER_SEED=" << seed;
  }
  std::printf("%llu schedules, %d charges over the cap refused, %d old copies refused, %d overspends\n",
              static_cast<unsigned long long>(last - first), refusals, old_copies, overspends);
  EXPECT_EQ(overspends, 0);
}

}  // namespace
}  // namespace cairn
