#include "tests/fuzz/secagg_lies.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "privacy/secagg/shared/derive.h"
#include "privacy/secagg/shared/merkle.h"

namespace cairn::secagg::fuzz {
namespace {

using Fields = std::vector<std::span<std::byte>>;

template <class... T>
void List(Fields& out, T&... values) {
  static_assert((std::is_trivially_copyable_v<T> && ...));
  (out.push_back(std::as_writable_bytes(std::span(&values, 1))), ...);
}

void ListFields(Advert& m, Fields& out) {
  List(out, m.share_key.bytes, m.mask_key.bytes, m.commitment.bytes, m.signature.bytes);
}
void ListFields(PlacedAdvert& m, Fields& out) {
  List(out, m.position, m.member);
  ListFields(m.advert, out);
}
void ListFields(SealedShare& m, Fields& out) {
  List(out, m.peer, m.sealed, m.mask_key_hash.bytes, m.self_mask_hash.bytes);
}
void ListFields(Sha256Digest& m, Fields& out) { List(out, m.bytes); }
void ListFields(PlacedSignature& m, Fields& out) { List(out, m.position, m.signature.bytes); }
void ListFields(RevealedShare& m, Fields& out) { List(out, m.owner, m.kind, m.share); }

void Flip(const Fields& fields, Choices& choices) {
  const std::span<std::byte> field = fields[choices.Below(fields.size())];
  field[choices.Below(field.size())] ^= static_cast<std::byte>(1u << choices.Below(8));
}

template <class Entry>
void FlipIn(std::vector<Entry>& list, Choices& choices) {
  if (list.empty()) return;
  Fields fields;
  ListFields(list[choices.Below(list.size())], fields);
  Flip(fields, choices);
}

template <class Entry>
void Reshape(std::vector<Entry>& list, Choices& choices) {
  const std::uint8_t how = choices.Next();
  const std::size_t at = list.empty() ? 0 : choices.Below(list.size());
  const auto place = list.begin() + static_cast<std::ptrdiff_t>(at);
  if (list.empty() || how % 5 == 0) return void(list.emplace_back());
  if (how % 5 == 1) return void(list.erase(place));
  if (how % 5 == 2) return void(list.insert(place, Entry(*place)));
  if (how % 5 == 3) return std::swap(*place, list[choices.Below(list.size())]);
  list.clear();
}

template <class Entry>
void DistortList(std::vector<Entry>& list, Choices& choices) {
  if (choices.Below(2) == 0) return FlipIn(list, choices);
  Reshape(list, choices);
}

void DistortSet(SiteSet& set, Choices& choices) {
  const std::size_t choice = choices.Next();
  if (choice >= 0xf0 || set.universe() == 0) {  // of another size
    set = SiteSet::All(choice % 16);
    return;
  }
  const auto p = static_cast<Position>(choice % set.universe());
  set.Has(p) ? set.Remove(p) : set.Add(p);
}

template <class... T>
void FlipOne(Choices& choices, T&... values) {
  Fields fields;
  List(fields, values...);
  Flip(fields, choices);
}

}  // namespace

void Distort(CohortMessage& m, Choices& choices) {
  switch (choices.Below(4)) {
    case 0:
      return FlipOne(choices, m.n, m.signature.bytes);
    case 1:
      return DistortList(m.proof, choices);
    case 2:
      return DistortSet(m.members, choices);
    default:
      return DistortList(m.adverts, choices);
  }
}
void Distort(DeliveryMessage& m, Choices& choices) {
  switch (choices.Below(3)) {
    case 0:
      return FlipOne(choices, m.signature.bytes);
    case 1:
      return DistortSet(m.u2, choices);
    default:
      return DistortList(m.shares, choices);
  }
}
void Distort(SurvivorsMessage& m, Choices& choices) {
  if (choices.Below(4) == 0) return FlipOne(choices, m.signature.bytes);
  DistortSet(m.u3, choices);
}
void Distort(UnmaskRequest& m, Choices& choices) { DistortList(m.agreed, choices); }
void Distort(Advert& m, Choices& choices) {
  Fields fields;
  ListFields(m, fields);
  Flip(fields, choices);
}
void Distort(SharesMessage& m, Choices& choices) {
  if (choices.Below(8) == 0) return FlipOne(choices, m.signature.bytes);
  DistortList(m.shares, choices);
}
void Distort(MaskedInput& m, Choices& choices) {
  FlipOne(choices, m.bytes, m.object.bytes, m.signature.bytes);
}
void Distort(AgreementMessage& m, Choices& choices) { FlipOne(choices, m.signature.bytes); }
void Distort(UnmaskMessage& m, Choices& choices) {
  if (choices.Below(8) == 0) return FlipOne(choices, m.signature.bytes);
  DistortList(m.shares, choices);
}
void Distort(Complaint& m, Choices& choices) {
  FlipOne(choices, m.accused, m.kind, m.evidence.bytes, m.signature.bytes);
}

namespace {

Result<Sha256Digest> RootOf(const World& world, const CohortMessage& m) {
  std::vector<std::size_t> places;
  std::vector<Sha256Digest> leaves;
  for (const PlacedAdvert& placed : m.adverts) {
    places.push_back(placed.position);
    leaves.push_back(AdvertLeaf(placed.member, AdvertHash(world.context(), placed.member, placed.advert)));
  }
  if (!world.setting().regular) return MerkleRoot(leaves);
  return MerkleRootFromProof(m.n, places, leaves, m.proof);
}

}  // namespace

Result<Sha256Digest> ContextOf(const World& world, const CohortMessage& m) {
  CAIRN_ASSIGN_OR_RETURN(const Sha256Digest root, RootOf(world, m));
  return CohortContext(world.context(), m.n, root, m.members);
}

void Sign(World& world, const Bound& bound, CohortMessage& m) {
  for (PlacedAdvert& placed : m.adverts) Sign(world, bound, placed.member, placed.advert);
  if (const auto root = RootOf(world, m); root.ok()) {
    m.signature = world.SignAs(World::kAggregator, CohortBytes(world.context(), m.n, *root, m.members));
  }
}
void Sign(World& world, const Bound& bound, DeliveryMessage& m) {
  m.signature = world.SignAs(World::kAggregator, DeliveryBytes(bound.cc, m.u2));
}
void Sign(World& world, const Bound& bound, SurvivorsMessage& m) {
  m.signature = world.SignAs(World::kAggregator, SurvivorsBytes(bound.cc, bound.u2, m.u3));
}
void Sign(World& world, const Bound& bound,
          UnmaskRequest& m) {  // everybody is in the cohort: position = member
  for (PlacedSignature& vote : m.agreed) {
    vote.signature = world.SignAs(vote.position, AgreedBytes(bound.cc, vote.position, bound.u2, bound.u3));
  }
}
void Sign(World& world, const Bound&, std::uint32_t member, Advert& m) {
  m.signature = world.SignAs(member, AdvertBytes(world.context(), member, m));
}
void Sign(World& world, const Bound& bound, std::uint32_t member, SharesMessage& m) {
  m.signature = world.SignAs(member, SharesBytes(bound.cc, member, m.shares));
}
void Sign(World& world, const Bound& bound, std::uint32_t member, MaskedInput& m) {
  m.signature = world.SignAs(member, MaskedBytes(bound.cc, member, bound.u2, m));
}
void Sign(World& world, const Bound& bound, std::uint32_t member, AgreementMessage& m) {
  m.signature = world.SignAs(member, AgreedBytes(bound.cc, member, bound.u2, bound.u3));
}
void Sign(World& world, const Bound& bound, std::uint32_t member, UnmaskMessage& m) {
  m.signature = world.SignAs(member, UnmaskBytes(bound.cc, member, bound.u3, m.shares));
}
void Sign(World& world, const Bound& bound, std::uint32_t member, Complaint& m) {
  m.signature = world.SignAs(member, ComplaintBytes(bound.cc, m));
}

}  // namespace cairn::secagg::fuzz
