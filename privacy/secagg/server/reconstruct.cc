#include "privacy/secagg/server/reconstruct.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "privacy/crypto/agreement.h"
#include "privacy/secagg/shared/derive.h"
#include "privacy/secagg/shared/shamir.h"

namespace cairn::secagg {
namespace {

// The x of the shares a secret is opened with. On the complete graph they are the same for all owners, so the
// weights are computed once.
std::vector<std::uint8_t> IndicesOf(const std::vector<Answers::Revealed>& shares) {
  std::vector<std::uint8_t> result;
  for (const Answers::Revealed& share : shares) result.push_back(share.index);
  return result;
}

Interpolation At(const std::vector<std::uint8_t>& xs) {
  Result<Interpolation> made = Interpolation::At(xs);
  CAIRN_CHECK(made.ok(), "x are distinct and not 0 by the order of holders");
  return std::move(*made);
}

SecretBytes Open(const std::vector<Answers::Revealed>& shares, const Interpolation& at) {
  std::vector<std::span<const std::byte, 32>> parts;
  for (const Answers::Revealed& share : shares) parts.push_back(share.share);
  return at.Combine(parts);
}

std::span<const std::byte, 32> Bytes32(const SecretBytes& secret) {
  return secret.Reveal(RevealSecret{}).first<32>();
}

// One owner's secret, checked; or nothing.
struct Opened {
  SecretBytes self_mask;            // of a survivor
  std::optional<MaskKey> mask_key;  // of a lost site
  bool fits = false;
};

Opened OpenSecret(const Attempt& attempt, const PlacedAdvert& owner, bool survived, SecretBytes secret) {
  Opened result;
  if (survived) {
    result.fits = SelfCommitment(attempt.context, owner.member, Bytes32(secret)) == owner.advert.commitment;
    result.self_mask = std::move(secret);
    return result;
  }
  result.mask_key = MaskKey::FromSecret(Bytes32(secret));
  result.fits = result.mask_key->public_key() == owner.advert.mask_key;
  return result;
}

std::vector<Opened> OpenAll(const Attempt& attempt, const Cohort& cohort, const Answers& answers,
                            const std::vector<Position>& owners, const ParallelFor& lanes) {
  const std::vector<std::uint8_t> usual = IndicesOf(answers.SharesOf(cohort, owners.front()));
  const Interpolation usual_weights = At(usual);
  std::vector<Opened> opened(owners.size());
  lanes(owners.size(), [&](std::size_t i) {
    const std::vector<Answers::Revealed> shares = answers.SharesOf(cohort, owners[i]);
    const std::vector<std::uint8_t> indices = IndicesOf(shares);
    SecretBytes secret = indices == usual ? Open(shares, usual_weights) : Open(shares, At(indices));
    opened[i] = OpenSecret(attempt, cohort.at(owners[i]), answers.u3().Has(owners[i]), std::move(secret));
  });
  return opened;
}

// Every share was held to its signed hash, so a secret that does not fit is its dealer's doing.
Status BlameDealers(const Attempt& attempt, const Cohort& cohort, const std::vector<Position>& owners,
                    const std::vector<Opened>& opened, Evidence& evidence) {
  Status result;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (opened[i].fits) continue;
    const std::uint32_t dealer = cohort.MemberAt(owners[i]);
    evidence.Add({Blame::Kind::kWrongDealer, dealer, std::nullopt});
    if (!result.ok()) continue;
    result = Status(errors::kSecAggShare,
                    "the shares that " + attempt.NameOf(dealer) + " dealt do not give what it advertised");
  }
  return result;
}

// Masks that are still in the sum: the self mask of owners[at], or what some survivors shared with it. So
// many at a time that a lane's agreements come by the handful, and that one lost site still keeps several
// lanes busy.
struct Remaining {
  static constexpr std::size_t kSurvivors = 32;
  std::size_t at = 0;
  std::vector<Position> survivors;
  std::size_t masks() const { return survivors.empty() ? 1 : survivors.size(); }
};

std::vector<Remaining> ListMasks(const Cohort& cohort, const SiteSet& u3,
                                 const std::vector<Position>& owners) {
  std::vector<Remaining> masks;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (u3.Has(owners[i])) {
      masks.push_back({i, {}});
      continue;
    }
    std::vector<Position> survivors;
    for (const Position neighbour : cohort.graph().Neighbours(owners[i])) {
      if (u3.Has(neighbour)) survivors.push_back(neighbour);
    }
    for (auto from = survivors.begin(); from != survivors.end();) {
      const auto to = from + std::min<std::ptrdiff_t>(survivors.end() - from, Remaining::kSurvivors);
      masks.push_back({i, {from, to}});
      from = to;
    }
  }
  return masks;
}

UnmaskWork::Term SelfMaskOf(const Cohort& cohort, std::uint32_t owner, const Opened& opened) {
  return {SelfMaskKey(Bytes32(opened.self_mask), cohort.context(), owner), true};
}

// Into terms, one a survivor.
Status PairMasksOf(const Attempt& attempt, const Cohort& cohort, std::uint32_t owner, const MaskKey& key,
                   const std::vector<Position>& survivors, UnmaskWork::Term* terms) {
  std::vector<AgreementPublic> keys;
  for (const Position survivor : survivors) keys.push_back(cohort.at(survivor).advert.mask_key);
  CAIRN_ASSIGN_OR_RETURN(const std::vector<SecretBytes> agreed,
                         attempt.primitives->DeriveAll(key.material(), keys));
  for (std::size_t i = 0; i < survivors.size(); ++i) {
    const std::uint32_t survivor = cohort.MemberAt(survivors[i]);
    terms[i].key = PairMaskKey(agreed[i], cohort.context(), {owner, key.public_key()}, {survivor, keys[i]});
    terms[i].subtract = survivor < owner;  // the survivor added it
  }
  return Status::Ok();
}

}  // namespace

Result<UnmaskWork> Reconstruct(const Attempt& attempt, const Cohort& cohort, const Answers& answers,
                               const ParallelFor& lanes, Evidence& evidence) {
  const std::vector<Position> owners = answers.u2().Members();
  const std::vector<Opened> opened = OpenAll(attempt, cohort, answers, owners, lanes);
  CAIRN_RETURN_IF_ERROR(BlameDealers(attempt, cohort, owners, opened, evidence));
  const std::vector<Remaining> masks = ListMasks(cohort, answers.u3(), owners);
  std::vector<std::size_t> first_term;
  std::size_t count = 0;
  for (const Remaining& some : masks) {
    first_term.push_back(count);
    count += some.masks();
  }
  UnmaskWork work;
  work.terms.resize(count);
  std::vector<Status> faults(masks.size());
  lanes(masks.size(), [&](std::size_t i) {
    const auto& [at, survivors] = masks[i];
    const std::uint32_t owner = cohort.MemberAt(owners[at]);
    UnmaskWork::Term* terms = work.terms.data() + first_term[i];
    if (survivors.empty()) {
      *terms = SelfMaskOf(cohort, owner, opened[at]);
    } else {
      faults[i] = PairMasksOf(attempt, cohort, owner, *opened[at].mask_key, survivors, terms);
    }
  });
  for (Status& fault : faults) {
    if (!fault.ok()) return std::move(fault);
  }
  return work;
}

}  // namespace cairn::secagg
