#include "privacy/crypto/verify_chain.h"

#include <openssl/x509_vfy.h>

#include <array>
#include <ctime>

#include "core/base/check.h"

namespace cairn {
namespace {

int FaultsIndex() {
  static const int index = X509_STORE_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

void Note(int error, int depth, ChainFaults& faults) {
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      faults.unknown_issuer = true;
      return;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      faults.expired = true;
      faults.depth = depth;
      return;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      faults.not_yet_valid = true;
      faults.depth = depth;
      return;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      faults.wrong_name = true;
      return;
    default:
      if (faults.other == 0) {
        faults.other = error;
        faults.depth = depth;
      }
  }
}

int Collect(int ok, X509_STORE_CTX* context) {
  auto* faults = static_cast<ChainFaults*>(X509_STORE_CTX_get_ex_data(context, FaultsIndex()));
  if (ok == 0 && faults != nullptr) {
    Note(X509_STORE_CTX_get_error(context), X509_STORE_CTX_get_error_depth(context), *faults);
    return 1;
  }
  return ok;
}

std::string SecondsText(UnixTime a, UnixTime b) { return std::to_string((a - b).count()) + " s"; }

Status OtherFault(const ChainFaults& faults, const Certificate& leaf) {
  return Status(errors::kTlsCertificate, "the certificate of " + leaf.label() +
                                             " is refused: " + X509_verify_cert_error_string(faults.other) +
                                             " (at depth " + std::to_string(faults.depth) + ")");
}

std::string Which(const ChainFaults& faults) {
  return faults.depth == 0 ? "its certificate"
                           : "the issuer's certificate (depth " + std::to_string(faults.depth) + ")";
}

}  // namespace

void AttachFaults(X509_STORE_CTX* context, ChainFaults* faults) {
  X509_STORE_CTX_set_ex_data(context, FaultsIndex(), faults);
  X509_STORE_CTX_set_verify_cb(context, Collect);
}

ossl::Cert ToOpenSsl(const Certificate& certificate) {
  const unsigned char* cursor = ossl::Data(certificate.der());
  ossl::Cert cert(d2i_X509(nullptr, &cursor, static_cast<long>(certificate.der().size())));
  CAIRN_CHECK(cert != nullptr, "a parsed certificate parses again");
  return cert;
}

Result<Certificate> FromOpenSsl(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return Status(errors::kTlsCertificate, "the certificate cannot be written as DER");
  const Bytes copy(reinterpret_cast<const std::byte*>(der), reinterpret_cast<const std::byte*>(der) + size);
  OPENSSL_free(der);
  return Certificate::FromDer(copy);
}

ossl::Store StoreOf(const std::vector<Certificate>& anchors) {
  ossl::Store store(X509_STORE_new());
  CAIRN_CHECK(store != nullptr, "out of memory");
  for (const Certificate& anchor : anchors) X509_STORE_add_cert(store.get(), ToOpenSsl(anchor).get());
  return store;
}

std::string DateText(UnixTime time) {
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return text.data();
}

Status ServerFault(const ChainFaults& faults, const Certificate& leaf, UnixTime now,
                   const std::string& dialled) {
  if (faults.unknown_issuer) {
    return Status(errors::kTlsWrongCa,
                  "its certificate was issued by " + leaf.issuer() + ", not by this federation")
        .Why("the chain shown for " + leaf.label() +
             " does not end at the root we trust: another server or " +
             "federation, or a proxy that inspects TLS");
  }
  if (faults.not_yet_valid) {
    const UnixTime start = leaf.validity().not_before;
    return Status(errors::kTlsNotYetValid,
                  Which(faults) + " is not valid before " + DateText(start) + ", here it is " + DateText(now))
        .Why(faults.depth == 0 ? "this clock is at least " + SecondsText(start, now) + " behind the issuer's"
                               : "this clock is behind the issuer's");
  }
  if (faults.expired) {
    return Status(errors::kTlsServerExpired,
                  Which(faults) + " expired" +
                      (faults.depth == 0 ? " on " + DateText(leaf.validity().not_after) : ""))
        .Why("it was not renewed in time (here it is " + DateText(now) + ", " +
             SecondsText(now, leaf.validity().not_after) +
             " past the end of its own), or this clock is ahead");
  }
  if (faults.wrong_name) {
    return Status(errors::kTlsWrongName, "its certificate is for other names")
        .Why("you dialled " + dialled + "; the certificate says " + leaf.names_text())
        .Mend(
            "set aggregator.address to one of those, or on the aggregator run\n        cairn aggregator init "
            "--renew --san " +
            dialled);
  }
  return faults.other == 0 ? Status() : OtherFault(faults, leaf);
}

Status ClientFault(const ChainFaults& faults, const Certificate& leaf, UnixTime now) {
  if (faults.unknown_issuer) {
    return Status(errors::kTlsOurCertUnknownCa, "the certificate of " + leaf.names_text() +
                                                    " was issued by " + leaf.issuer() +
                                                    ", not by this federation");
  }
  if (faults.not_yet_valid || faults.expired) {
    return Status(errors::kTlsOurCertExpired, "the certificate of " + leaf.names_text() + " is valid from " +
                                                  DateText(leaf.validity().not_before) + " to " +
                                                  DateText(leaf.validity().not_after) + ", now it is " +
                                                  DateText(now));
  }
  return faults.other == 0 ? Status() : OtherFault(faults, leaf);
}

Status VerifyChain(const Certificate& leaf, const ChainTerms& terms) {
  const ossl::Store store = StoreOf(terms.roots);
  const ossl::Chain helpers(sk_X509_new_null());
  for (const Certificate& helper : terms.intermediates)
    sk_X509_push(helpers.get(), ToOpenSsl(helper).release());
  const ossl::Cert cert = ToOpenSsl(leaf);
  const ossl::StoreContext context(X509_STORE_CTX_new());
  CAIRN_CHECK(context && X509_STORE_CTX_init(context.get(), store.get(), cert.get(), helpers.get()) == 1,
              "out of memory");
  X509_STORE_CTX_set_default(context.get(), terms.side == TlsSide::kServer ? "ssl_server" : "ssl_client");
  X509_STORE_CTX_set_time(context.get(), 0, terms.at.time_since_epoch().count());
  ChainFaults faults;
  AttachFaults(context.get(), &faults);
  const bool finished = X509_verify_cert(context.get()) == 1;
  const int error = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  if (!finished && !faults.any()) faults.other = error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
  return terms.side == TlsSide::kServer ? ServerFault(faults, leaf, terms.at, "")
                                        : ClientFault(faults, leaf, terms.at);
}

}  // namespace cairn
