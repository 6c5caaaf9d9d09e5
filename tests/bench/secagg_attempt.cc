#include "tests/bench/secagg_attempt.h"

#include <cmath>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "tests/bench/bench_seconds.h"

namespace cairn::secagg {
namespace {

void Ok(const Status& status) { CAIRN_CHECK(status.ok(), status.ToString().c_str()); }

template <class T>
T Take(Result<T> result) {
  Ok(result.status());
  return std::move(result).value();
}

Terms MakeTerms(const BenchAttempt::Size& size, const Membership& membership, const VerifyKey& aggregator) {
  Terms terms;
  terms.federation = "bench";
  terms.job = terms.round = terms.attempt = 1;
  terms.manifest = terms.model = terms.architecture = Sha256::Of("bench");
  terms.roster_version = membership.version;
  terms.roster = membership.hash;
  terms.aggregator = aggregator;
  terms.sections = {{"parameters", size.words, 0, 0, 1000}};
  terms.weight_cap = 1;
  terms.k = size.k;
  terms.t = size.t;
  terms.n_min = terms.n_max = size.n;
  return terms;
}

}  // namespace

BenchAttempt::BenchAttempt(const Size& size) : size_(size), aggregator_(SigningKey::Generate()) {
  auto membership = std::make_shared<Membership>();
  for (std::uint32_t m = 0; m < size.n; ++m) {
    keys_.push_back(SigningKey::Generate());
    membership->members.push_back({"site-" + std::to_string(m), keys_.back().verify_key(), true});
  }
  membership->hash = Sha256::Of("roster");
  terms_ = MakeTerms(size, *membership, aggregator_.verify_key());
  membership_ = std::move(membership);
  server_ = Take(Server::Begin(terms_, floors_, membership_, NewPrimitives(aggregator_)));
  TakeAdverts();
  TakeShares();
  TakeInputs();
  TakeAnswers();
}

template <class Call>
auto BenchAttempt::Timed(std::uint32_t m, double& seconds, Call call) {
  if (m != 0) return Take(call());
  decltype(Take(call())) message;
  seconds += Seconds([&] { message = Take(call()); });
  return message;
}

void BenchAttempt::TakeAdverts() {
  for (std::uint32_t m = 0; m < size_.n; ++m) {
    clients_.push_back(Timed(m, client_seconds_.share, [&] {
      auto primitives =
          m == 0 ? NewPrimitives(keys_[0]) : NewSimulatedPrimitives({1, m, 1, 0}, keys_[m], memory_);
      return Client::Begin(terms_, floors_, membership_, m, std::move(primitives));
    }));
    Ok(server_->OnAdvert(m, clients_[m]->advert()));
  }
  Ok(server_->CloseAdverts());
}

void BenchAttempt::TakeShares() {
  for (std::uint32_t m = 0; m < size_.n; ++m) {
    const CohortMessage cohort = *server_->CohortFor(m);
    Ok(server_->OnShares(m, Timed(m, client_seconds_.share, [&] { return clients_[m]->OnCohort(cohort); })));
  }
  Ok(server_->CloseShares());
}

void BenchAttempt::TakeInputs() {
  std::vector<std::uint32_t> words(size_.words);
  for (std::uint32_t m = 0; m < size_.n; ++m) {
    if (!Survives(m)) continue;
    const DeliveryMessage delivery = *server_->DeliveryFor(m);
    const auto complaint = Timed(m, client_seconds_.open, [&] { return clients_[m]->OnDelivery(delivery); });
    CAIRN_CHECK(!complaint, "nobody has a complaint");
    const double masking = Seconds([&] { Ok(clients_[m]->Mask(std::span(words))); });
    const Sha256Digest object = Sha256::Of(std::as_bytes(std::span(words)));
    if (m == 0) client_seconds_.mask = masking;
    Ok(server_->OnMasked(m, Timed(m, client_seconds_.answer,
                                  [&] { return clients_[m]->Masked(object, terms_.byte_size()); })));
  }
  Ok(server_->CloseInputs());
}

void BenchAttempt::TakeAnswers() {
  const SumMemory nothing;
  for (const std::uint32_t m : server_->u3()) {
    const SurvivorsMessage survivors = *server_->SurvivorsFor(m);
    Ok(server_->OnAgreed(
        m, Timed(m, client_seconds_.answer, [&] { return clients_[m]->OnSurvivors(survivors, nothing); })));
  }
  Ok(server_->CloseAgreement());
  for (const std::uint32_t m : server_->u3()) {
    const UnmaskRequest request = *server_->UnmaskRequestFor(m);
    const UnmaskMessage answer =
        Timed(m, client_seconds_.answer, [&] { return clients_[m]->OnUnmask(request); });
    answer_seconds_ += Seconds([&] { Ok(server_->OnUnmask(m, answer)); });
  }
}

}  // namespace cairn::secagg
