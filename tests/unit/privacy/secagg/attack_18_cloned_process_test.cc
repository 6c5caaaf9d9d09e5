// Pitfall 18: a cloned process or machine repeats its randomness. It comes from the operating system at each
// draw.
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

// The keys a forked twin of this process draws.
Advert DrawnByTwin(const SecAggScript& script, const SigningKey& key) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t twin = fork();  // this test has no threads
  if (twin == 0) {
    const auto client = Client::Begin(script.terms, script.floors, script.membership, 0, NewPrimitives(key));
    const bool told = client.ok() && write(ends[1], &(*client)->advert(), sizeof(Advert)) == sizeof(Advert);
    _exit(told ? 0 : 1);
  }
  close(ends[1]);
  Advert advert;
  EXPECT_EQ(read(ends[0], &advert, sizeof advert), static_cast<ssize_t>(sizeof advert));
  close(ends[0]);
  int status = -1;
  waitpid(twin, &status, 0);
  EXPECT_EQ(status, 0);
  return advert;
}

TEST(AttackClonedProcessTest, AForkedTwinDrawsOtherKeys) {
  SecAggScript script({.n = 5});
  const SigningKey key = SigningKey::Generate();
  Membership roster = *script.membership;
  roster.members[0].key = key.verify_key();
  script.membership = std::make_shared<Membership>(roster);
  // Randomness is in use before the fork, as in a machine that was copied while it ran.
  const auto before = Client::Begin(script.terms, script.floors, script.membership, 0, NewPrimitives(key));
  ASSERT_TRUE(before.ok());
  const Advert theirs = DrawnByTwin(script, key), others = DrawnByTwin(script, key);
  const auto ours = Client::Begin(script.terms, script.floors, script.membership, 0, NewPrimitives(key));
  ASSERT_TRUE(ours.ok());
  const Advert* adverts[] = {&(*before)->advert(), &theirs, &others, &(*ours)->advert()};
  std::set<AgreementPublic> keys;
  std::set<Sha256Digest> commitments;
  for (const Advert* advert : adverts) {
    keys.insert(advert->share_key);
    keys.insert(advert->mask_key);
    commitments.insert(advert->commitment);
  }
  EXPECT_EQ(keys.size(), 8u);
  EXPECT_EQ(commitments.size(), 4u);
}

}  // namespace
}  // namespace cairn::secagg
