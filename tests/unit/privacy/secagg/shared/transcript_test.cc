#include "privacy/secagg/shared/transcript.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/testing/fixed_bytes.h"

namespace cairn::secagg {
namespace {

TEST(SecAggTranscriptTest, GivesTheVectorOfTheSpecification) {
  const Transcript demo = Transcript("demo").U32(7).Text("ab");
  EXPECT_EQ(ToHex(demo.bytes()), "13636169726e2d7365636167672d312f64656d6f020400000007000000020000006162");
  EXPECT_EQ(demo.Digest().hex(), "83337a28656fb78620224b9a5ff20d9d9bcf670e1c388e372a87be6f16da93f9");
}

TEST(SecAggTranscriptTest, DigestIsThatOfTheBytesWithAndWithoutASecretAtTheEnd) {
  const Transcript open = Transcript("x").U64(1).F64(-0.5);
  EXPECT_EQ(open.Digest(), Sha256::Of(open.bytes()));
  EXPECT_EQ(open.DigestWithSecret(AsBytes("key")), Transcript("x").U64(1).F64(-0.5).Text("key").Digest());
}

TEST(SecAggTranscriptTest, NumbersAreLittleEndianFieldsOfTheirWidth) {
  const std::string head = ToHex(Transcript("n").bytes()).substr(0, 34);
  EXPECT_EQ(ToHex(Transcript("n").U64(0x0102030405060708).bytes()),
            head + "01" + "08000000" + "0807060504030201");
  EXPECT_EQ(ToHex(Transcript("n").F64(1.0).bytes()), head + "01" + "08000000" + "000000000000f03f");
}

TEST(SecAggTranscriptTest, OtherLabelsCountsAndCutsAreOtherBytes) {
  const std::set<Bytes> all = {
      Transcript("a").Text("bc").bytes(),
      Transcript("ab").Text("c").bytes(),
      Transcript("a").Text("b").Text("c").bytes(),
      Transcript("a").Text("bc").Text("").bytes(),
      Transcript("a").Text("").Text("bc").bytes(),
      Transcript("a").U32(0).bytes(),
      Transcript("a").U64(0).bytes(),
      Transcript("a").U32(0).U32(0).bytes(),
      Transcript("a").bytes(),
  };
  EXPECT_EQ(all.size(), 9u);
}

TEST(SecAggTranscriptTest, MoreThan255FieldsEndTheProcess) {
  Transcript full("many");
  for (int i = 0; i < 255; ++i) full.U32(0);
  EXPECT_EQ(full.bytes().size(), 1 + 19 + 1 + 255 * 8u);
  EXPECT_DEATH((void)full.U32(0).bytes(), "255 fields");
}

}  // namespace
}  // namespace cairn::secagg
