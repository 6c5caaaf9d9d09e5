#include "privacy/crypto/invite.h"

#include <algorithm>
#include <array>

#include "privacy/crypto/transcript.h"
#include "privacy/crypto/verify_chain.h"

namespace cairn {
namespace {

constexpr std::string_view kPrefix = "cairn-invite1:";
constexpr std::size_t kMaxLine = 4096, kMaxBody = 3072, kMaxCertificate = 1024, kCheckSize = 4;

// The decoded body holds the seed.
struct WipedBytes {
  Bytes bytes;
  ~WipedBytes() { Wipe(bytes); }
};

Status Malformed(std::string what) { return Status(errors::kInviteMalformed, std::move(what)); }

void ShortText(std::string_view text, TranscriptWriter& writer) {
  writer.U8(static_cast<std::uint8_t>(text.size())).Fixed(AsBytes(text));
}
std::string ShortText(TranscriptReader& reader) { return std::string(AsText(reader.Fixed(reader.U8()))); }

Result<std::string> Unwrapped(std::string_view line) {
  if (line.size() > kMaxLine)
    return Malformed("the invite has " + std::to_string(line.size()) + " characters, expected at most 4096");
  std::string text;
  for (const char c : line) {
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') text += c;
  }
  if (text.empty()) return Malformed("expected an invite, got nothing");
  if (!text.starts_with(kPrefix)) {
    return Malformed(text.starts_with("cairn-invite")
                         ? "the invite is of another version; expected " + std::string(kPrefix)
                         : "an invite begins with " + std::string(kPrefix));
  }
  return text.substr(kPrefix.size());
}

Result<Bytes> CheckedBody(std::string_view text) {
  std::optional<Bytes> body = FromBase64Url(text);
  if (!body) return Malformed("the invite holds characters that do not belong there, or one is missing");
  if (body->size() > kMaxBody || body->size() <= kCheckSize) {
    Wipe(*body);
    return Malformed("the invite has " + std::to_string(text.size()) +
                     " characters after its colon, which is no length of one");
  }
  const auto content = std::span(*body).first(body->size() - kCheckSize);
  const Sha256Digest digest = Sha256::Of(content);
  if (!std::equal(body->end() - kCheckSize, body->end(), digest.bytes.begin())) {
    Wipe(*body);
    return Malformed("the invite's check sum is wrong: it was cut or altered on the way");
  }
  body->resize(body->size() - kCheckSize);
  return std::move(*body);
}

Status CheckConsistent(const Invite& invite) {
  if (invite.role == PeerRole::kInvite || invite.role == PeerRole::kAggregator) {
    return Malformed("the invite is for the role '" + std::string(ToString(invite.role)) +
                     "', which nobody is invited to");
  }
  const Result<PeerIdentity> identity = invite.certificate.identity();
  if (!identity.ok()) return Malformed("the invite's certificate: " + identity.status().what());
  if (*identity != PeerIdentity{invite.federation, PeerRole::kInvite, invite.name}) {
    return Malformed("the invite for '" + invite.name + "' carries a certificate for " + identity->uri());
  }
  if (invite.certificate.public_key() != invite.key.public_key()) {
    return Malformed("the invite's key and certificate do not belong together");
  }
  return {};
}

}  // namespace

SecretBytes FormatInvite(const Invite& invite) {
  TranscriptWriter writer;
  ShortText(invite.address.text(), writer);
  ShortText(invite.name, writer);
  ShortText(invite.federation, writer);
  const SecretBytes seed = invite.key.seed();
  const Bytes& der = invite.certificate.der();
  writer.U8(static_cast<std::uint8_t>(invite.role))
      .Fixed(invite.root.bytes)
      .I64(invite.expires.time_since_epoch().count());
  writer.Fixed(seed.Reveal(RevealSecret{})).U16(static_cast<std::uint16_t>(der.size())).Fixed(der);
  WipedBytes body{writer.bytes()};
  const Sha256Digest digest = writer.Digest();
  body.bytes.insert(body.bytes.end(), digest.bytes.begin(), digest.bytes.begin() + kCheckSize);
  std::string text = std::string(kPrefix) + ToBase64Url(body.bytes);
  SecretBytes line = SecretBytes::CopyOf(text);
  Wipe(std::as_writable_bytes(std::span(text)));
  return line;
}

Result<Invite> ParseInvite(std::string_view line) {
  CAIRN_ASSIGN_OR_RETURN(const std::string text, Unwrapped(line));
  CAIRN_ASSIGN_OR_RETURN(Bytes content, CheckedBody(text));
  const WipedBytes body{std::move(content)};
  TranscriptReader reader(body.bytes);
  const std::optional<Endpoint> address = Endpoint::Parse(ShortText(reader));
  std::string name = ShortText(reader), federation = ShortText(reader);
  const std::uint8_t role = reader.U8();
  Sha256Digest root;
  reader.FixedTo(root.bytes);
  const UnixTime expires{std::chrono::seconds(reader.I64())};
  SecretBytes seed(32);
  reader.FixedTo(seed.Overwrite(RevealSecret{}));
  const std::uint16_t size = reader.U16();
  const auto der = size <= kMaxCertificate ? reader.Fixed(size) : std::span<const std::byte>();
  if (!reader.done()) return Malformed("the invite's fields do not fill it exactly");
  if (!address) return Malformed("the invite's address is not HOST:PORT");
  if (!IsMemberName(name) || !IsMemberName(federation))
    return Malformed("a name in the invite is not 1 to 63 of a-z, 0-9 and '-'");
  if (role < 1 || role > static_cast<std::uint8_t>(PeerRole::kAggregator)) {
    return Malformed("the invite's role " + std::to_string(role) + " is unknown");
  }
  Result<Certificate> certificate = Certificate::FromDer(der);
  if (!certificate.ok()) return Malformed("the invite's certificate: " + certificate.status().what());
  Invite invite{*address,
                std::move(name),
                std::move(federation),
                static_cast<PeerRole>(role),
                root,
                expires,
                BootstrapKey::FromSeed(seed.Reveal(RevealSecret{}).first<32>()),
                std::move(*certificate)};
  CAIRN_RETURN_IF_ERROR(CheckConsistent(invite));
  return invite;
}

Status CheckInviteTime(const Invite& invite, UnixTime now) {
  const UnixTime end = std::min(invite.expires, invite.certificate.validity().not_after);
  if (now <= end) return {};
  return Status(errors::kInviteExpired, "the invite for " + invite.name + " was good until " + DateText(end) +
                                            ", now it is " + DateText(now));
}

Status CheckInviteRoot(const Invite& invite, const Certificate& shown_root) {
  if (shown_root.fingerprint() == invite.root) return {};
  return Status(errors::kFederationMismatch, "the root shown by " + invite.address.text() +
                                                 " has fingerprint " + shown_root.fingerprint().short_hex() +
                                                 ", the invite expects " + invite.root.short_hex());
}

}  // namespace cairn
