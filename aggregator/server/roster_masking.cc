#include "aggregator/server/roster_masking.h"

namespace cairn {

Result<MaskingParts> RosterMasking::Current() {
  const Bytes file = desk_.roster_file();
  if (file.empty()) {
    return Status(errors::kSecAggMember, "no site was approved yet, so there is no roster to mask under")
        .Mend(
            "approve the sites first (`cairn site approve`), or write secagg = { mode = \"off\" } in the "
            "job");
  }
  return From(std::string(AsText(file)));
}

Result<MaskingParts> RosterMasking::From(const std::string& file) {
  CAIRN_ASSIGN_OR_RETURN(const VerifyKey root, desk_.root_key());
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  CAIRN_ASSIGN_OR_RETURN(const Roster roster,
                         VerifyRoster(AsBytes(file), {root, desk_.federation(), 0, now}));
  const RosterMember* own = roster.Aggregator();
  if (own == nullptr || own->signing_key != desk_.signing_key().verify_key()) {
    return Status(errors::kSecAggMember,
                  "version " + std::to_string(roster.version) +
                      " of the roster does not name this aggregator with its signing key")
        .Why("it was signed before the key was made, or the key file was replaced")
        .Mend("approve or revoke a site once: the roster is then written anew");
  }
  return MaskingParts{
      std::make_shared<const secagg::Membership>(secagg::Membership::Of(roster, AsBytes(file))), file,
      own->signing_key};
}

std::unique_ptr<secagg::Primitives> RosterMasking::NewPrimitives(const RoundKey&) {
  return secagg::NewPrimitives(desk_.signing_key());
}

}  // namespace cairn
