#include "privacy/secagg/server/inputs.h"

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

class InputsTest : public testing::Test {
 protected:
  InputsTest() {
    script.Advertise();
    script.Share(Range(7));  // 7 leaves before it shares
    for (const Member m : Range(7)) inputs.push_back(*script.MaskInput(m));
    cc = SiteState(*script.clients[0]).around().context;
  }
  // Whatever the member says, it signs.
  MaskedInput Signed(Member m, MaskedInput input) {
    input.signature = script.SignAs(m, MaskedBytes(cc, m, SetOf(8, Range(7)), input));
    return input;
  }
  SecAggScript script{{.n = 8}};  // u3_min = t = 6
  std::vector<MaskedInput> inputs;
  Sha256Digest cc;
};

TEST_F(InputsTest, WhoseVectorArrivedInTimeIsU3) {
  for (const Member m : {6u, 0u, 1u, 2u, 3u}) EXPECT_TRUE(script.server->OnMasked(m, inputs[m]).ok());
  EXPECT_FALSE(script.server->can_close());
  EXPECT_EQ(script.server->waiting_for(), (Members{4, 5}));
  EXPECT_TRUE(script.server->OnMasked(5, inputs[5]).ok());
  EXPECT_TRUE(script.server->OnMasked(5, inputs[5]).ok()) << "repeated";
  ASSERT_TRUE(script.server->CloseInputs().ok());
  EXPECT_EQ(script.server->u3(), (Members{0, 1, 2, 3, 5, 6}));
  EXPECT_FALSE(script.server->SurvivorsFor(4).has_value());
  EXPECT_FALSE(script.server->SurvivorsFor(7).has_value());
  EXPECT_TRUE(FailsWith(script.server->OnMasked(4, inputs[4]), errors::kSecAggMessage)) << "named dropped";
  EXPECT_TRUE(script.server->OnMasked(5, inputs[5]).ok());
}

TEST_F(InputsTest, ASecondVectorIsRefusedAndRecorded) {
  ASSERT_TRUE(script.server->OnMasked(1, inputs[1]).ok());
  MaskedInput other = inputs[1];
  other.object = Sha256::Of("another");
  EXPECT_TRUE(FailsWith(script.server->OnMasked(1, other), errors::kSecAggMember)) << "forged: blames nobody";
  EXPECT_TRUE(script.server->blames().empty());
  EXPECT_TRUE(FailsWith(script.server->OnMasked(1, Signed(1, other)), errors::kSecAggMessage));
  EXPECT_EQ(script.server->blames(), (std::vector<Blame>{{Blame::Kind::kTwoInputs, 1, std::nullopt}}));
  EXPECT_TRUE(script.server->OnMasked(1, inputs[1]).ok()) << "the first one stands";
}

TEST_F(InputsTest, AnotherLengthSignatureOrSenderIsRefused) {
  MaskedInput shorter = inputs[1];
  shorter.bytes -= 4;
  EXPECT_TRUE(FailsWith(script.server->OnMasked(1, shorter), errors::kSecAggMember));
  EXPECT_TRUE(FailsWith(script.server->OnMasked(1, Signed(1, shorter)), errors::kSecAggMessage));
  EXPECT_TRUE(FailsWith(script.server->OnMasked(2, inputs[1]), errors::kSecAggMember));
  EXPECT_TRUE(FailsWith(script.server->OnMasked(7, inputs[1]), errors::kSecAggMember)) << "did not share";
  MaskedInput for_all = inputs[1];
  for_all.signature = script.SignAs(1, MaskedBytes(cc, 1, SiteSet::All(8), for_all));
  EXPECT_TRUE(FailsWith(script.server->OnMasked(1, for_all), errors::kSecAggMember))
      << "masked with another U2";
}

TEST_F(InputsTest, AComplaintNeedsASignatureAndItsSubject) {
  Complaint complaint;
  complaint.accused = 3;
  complaint.kind = ComplaintKind::kDoesNotOpen;
  EXPECT_TRUE(FailsWith(script.server->OnComplaint(1, complaint), errors::kSecAggMember));
  const auto sign = [&] { complaint.signature = script.SignAs(1, ComplaintBytes(cc, complaint)); };
  sign();
  EXPECT_TRUE(FailsWith(script.server->OnComplaint(1, complaint), errors::kSecAggMessage))
      << "about nothing that was delivered";
  const DeliveryMessage delivered = *script.server->DeliveryFor(1);
  complaint.evidence = EvidenceOf(delivered.shares[3]);
  sign();
  EXPECT_TRUE(script.server->OnComplaint(1, complaint).ok());
  EXPECT_TRUE(script.server->OnComplaint(1, complaint).ok()) << "repeated";
  EXPECT_EQ(script.server->blames(), (std::vector<Blame>{{Blame::Kind::kComplaint, 3, 1}}));
  EXPECT_TRUE(FailsWith(script.server->OnMasked(1, inputs[1]), errors::kSecAggMessage)) << "it left";
  complaint.accused = 1;
  complaint.evidence = EvidenceOf(delivered.shares[1]);
  sign();
  EXPECT_TRUE(FailsWith(script.server->OnComplaint(1, complaint), errors::kSecAggMessage)) << "about itself";
}

TEST_F(InputsTest, WhoSentItsVectorComplainsTooLate) {
  ASSERT_TRUE(script.server->OnMasked(1, inputs[1]).ok());
  Complaint complaint;
  complaint.accused = 3;
  complaint.evidence = EvidenceOf(script.server->DeliveryFor(1)->shares[3]);
  complaint.signature = script.SignAs(1, ComplaintBytes(cc, complaint));
  EXPECT_TRUE(FailsWith(script.server->OnComplaint(1, complaint), errors::kSecAggMessage));
}

}  // namespace
}  // namespace cairn::secagg
