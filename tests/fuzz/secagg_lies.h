#pragma once

#include "privacy/secagg/shared/messages.h"
#include "tests/fuzz/secagg_world.h"

// What may be wrong with a message of a masked attempt: a flipped byte in any field, an entry too few, too
// many, twice or at another's place, a site more or less in a set.

namespace cairn::secagg::fuzz {

void Distort(CohortMessage& message, Choices& choices);
void Distort(DeliveryMessage& message, Choices& choices);
void Distort(SurvivorsMessage& message, Choices& choices);
void Distort(UnmaskRequest& message, Choices& choices);
void Distort(Advert& message, Choices& choices);
void Distort(SharesMessage& message, Choices& choices);
void Distort(MaskedInput& message, Choices& choices);
void Distort(AgreementMessage& message, Choices& choices);
void Distort(UnmaskMessage& message, Choices& choices);
void Distort(Complaint& message, Choices& choices);

// What the signers of a lie agree on.
struct Bound {
  Sha256Digest cc;
  SiteSet u2, u3;
};

// cc of the cohort that a message shows; nothing when its adverts and proof make no tree.
Result<Sha256Digest> ContextOf(const World& world, const CohortMessage& message);

// Signatures of those who would have made the message: the aggregator, and in a cohort or a request the sites
// too.
void Sign(World& world, const Bound& bound, CohortMessage& message);
void Sign(World& world, const Bound& bound, DeliveryMessage& message);
void Sign(World& world, const Bound& bound, SurvivorsMessage& message);
void Sign(World& world, const Bound& bound, UnmaskRequest& message);
// A site's.
void Sign(World& world, const Bound& bound, std::uint32_t member, Advert& message);
void Sign(World& world, const Bound& bound, std::uint32_t member, SharesMessage& message);
void Sign(World& world, const Bound& bound, std::uint32_t member, MaskedInput& message);
void Sign(World& world, const Bound& bound, std::uint32_t member, AgreementMessage& message);
void Sign(World& world, const Bound& bound, std::uint32_t member, UnmaskMessage& message);
void Sign(World& world, const Bound& bound, std::uint32_t member, Complaint& message);

}  // namespace cairn::secagg::fuzz
