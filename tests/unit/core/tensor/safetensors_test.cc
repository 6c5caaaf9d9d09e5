#include "core/tensor/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

namespace cairn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::vector<std::byte> ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::byte> bytes(std::filesystem::file_size(path));
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

std::vector<std::byte> Framed(std::string_view header, std::span<const std::byte> data) {
  const std::uint64_t length = header.size();
  std::vector<std::byte> bytes(sizeof length);
  std::memcpy(bytes.data(), &length, sizeof length);
  for (const char c : header) bytes.push_back(static_cast<std::byte>(c));
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

template <class T>
std::vector<std::byte> BytesOf(const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

std::filesystem::path Corpus() {
  const char* source = std::getenv("CAIRN_SOURCE_DIR");
  return std::filesystem::path(source == nullptr ? "." : source) / "tests/fuzz/corpus/fuzz_safetensors";
}

ParameterSpec MixedSpec() {
  return ParameterSpec::Create({{"conv.weight", {2, 2}, Role::kParameter, Scope::kExchanged},
                                {"fc \"q\" é", {1}, Role::kParameter, Scope::kLocal},
                                {"bn.mean", {2}, Role::kBuffer, Scope::kExchanged},
                                {"bn.own", {0}, Role::kBuffer, Scope::kLocal},
                                {"bn.steps", {}, Role::kCounter, Scope::kExchanged},
                                {"mine", {2}, Role::kCounter, Scope::kLocal}})
      .value();
}

ParameterSet MixedSet() {
  ParameterSet set(MixedSpec());
  for (std::size_t i = 0; i < set.floats().size(); ++i) set.floats()[i] = 0.1f * static_cast<float>(i + 1);
  for (std::size_t i = 0; i < set.counters().size(); ++i)
    set.counters()[i] = -1 - static_cast<std::int64_t>(i);
  return set;
}

TEST(SafetensorsCorpusTest, EveryFileIsAnsweredAsItsNameSays) {
  if (!std::filesystem::is_directory(Corpus())) GTEST_SKIP() << "CAIRN_SOURCE_DIR is not set";
  int hostile = 0;
  for (const auto& file : std::filesystem::directory_iterator(Corpus())) {
    const std::string name = file.path().filename().string();
    const auto bytes = ReadFile(file.path());
    const Result<SafetensorsView> view = ParseSafetensors(bytes);
    if (name.starts_with("ok-")) {
      EXPECT_TRUE(view.ok()) << name << ": " << view.status().ToString();
      continue;
    }
    ++hostile;
    ASSERT_FALSE(view.ok()) << name;
    EXPECT_EQ(view.status().id(), ParseErrorId(name.substr(0, 4)))
        << name << ": " << view.status().ToString();
    EXPECT_LT(view.status().what().size(), 400u) << name;
    for (const char c : view.status().what()) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << name;
  }
  EXPECT_GE(hostile, 30);
}

TEST(SafetensorsCorpusTest, EveryTruncationOfEveryGoodFileIsRefused) {
  if (!std::filesystem::is_directory(Corpus())) GTEST_SKIP() << "CAIRN_SOURCE_DIR is not set";
  for (const auto& file : std::filesystem::directory_iterator(Corpus())) {
    if (!file.path().filename().string().starts_with("ok-")) continue;
    const auto bytes = ReadFile(file.path());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(ParseSafetensors(std::span(bytes).first(size)).ok()) << file.path() << " cut to " << size;
    }
  }
}

TEST(SafetensorsTest, WrittenModelReadsBackWithRolesScopesAndValues) {
  const ParameterSet set = MixedSet();
  const auto bytes = WriteSafetensors(set, {{"format", "pt"}, {"note", "a \"b\"\n"}});
  const Result<SafetensorsView> view = ParseSafetensors(bytes);
  ASSERT_TRUE(view.ok()) << view.status().ToString();
  EXPECT_THAT(view->metadata, ::testing::Contains(Pair("note", "a \"b\"\n")));
  const Result<ParameterSpec> spec = SpecOfSafetensors(*view);
  ASSERT_TRUE(spec.ok()) << spec.status().ToString();
  EXPECT_EQ(*spec, set.spec());
  EXPECT_EQ(spec->layout_hash(), set.spec().layout_hash());
  ParameterSet loaded(*spec);
  ASSERT_TRUE(LoadSafetensors(*view, loaded).ok());
  EXPECT_TRUE(std::ranges::equal(loaded.bytes(), set.bytes()));
}

TEST(SafetensorsTest, EqualSetsGiveEqualBytesAndEveryTensorIsAligned) {
  const auto bytes = WriteSafetensors(MixedSet(), {});
  EXPECT_EQ(bytes, WriteSafetensors(MixedSet(), {}));
  const SafetensorsView view = ParseSafetensors(bytes).value();
  for (const SafetensorsEntry& entry : view.tensors) {
    const auto offset = static_cast<std::size_t>(entry.data.data() - bytes.data());
    EXPECT_EQ(offset % (entry.dtype == DType::kI64 ? 8 : 4), 0u) << entry.name;
  }
}

TEST(SafetensorsTest, ModelOfPlainParametersNeedsNoMetadata) {
  const ParameterSet set(ParameterSpec::Create({{"w", {1}, Role::kParameter, Scope::kExchanged}}).value());
  EXPECT_TRUE(ParseSafetensors(WriteSafetensors(set, {})).value().metadata.empty());
}

TEST(SafetensorsTest, RolesOfTheCallersMetadataAreOurs) {
  const auto bytes = WriteSafetensors(MixedSet(), {{"cairn.roles", "nonsense"}});
  EXPECT_EQ(SpecOfSafetensors(ParseSafetensors(bytes).value()).value(), MixedSpec());
}

TEST(SafetensorsTest, HalvesWidenExactly) {
  // binary16: smallest subnormal, largest subnormal, smallest normal, 1, -2, largest.
  const std::vector<std::uint16_t> halves = {0x0001, 0x03ff, 0x0400, 0x3c00, 0xc000, 0x7bff, 0x8000};
  const auto f16 = Framed(R"({"w":{"dtype":"F16","shape":[7],"data_offsets":[0,14]}})", BytesOf(halves));
  ParameterSet set(ParameterSpec::Create({{"w", {7}, Role::kParameter, Scope::kExchanged}}).value());
  ASSERT_TRUE(LoadSafetensors(ParseSafetensors(f16).value(), set).ok());
  EXPECT_THAT(std::vector<float>(set.floats().begin(), set.floats().end()),
              ElementsAre(0x1p-24f, 0x1.ff8p-15f, 0x1p-14f, 1.0f, -2.0f, 65504.0f, 0.0f));
  EXPECT_TRUE(std::signbit(set.floats()[6]));

  const std::vector<std::uint16_t> brains = {0x3f80, 0xc010, 0x0001};
  const auto bf16 = Framed(R"({"w":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}})", BytesOf(brains));
  ParameterSet three(ParameterSpec::Create({{"w", {3}, Role::kParameter, Scope::kExchanged}}).value());
  ASSERT_TRUE(LoadSafetensors(ParseSafetensors(bf16).value(), three).ok());
  EXPECT_THAT(std::vector<float>(three.floats().begin(), three.floats().end()),
              ElementsAre(1.0f, -2.25f, 0x1p-133f));
}

// The mixed model's file, loaded into a model with one tensor changed.
Status LoadInto(std::vector<TensorSpec> tensors) {
  const auto bytes = WriteSafetensors(MixedSet(), {});
  ParameterSet set(ParameterSpec::Create(std::move(tensors)).value());
  return LoadSafetensors(ParseSafetensors(bytes).value(), set);
}

TEST(LoadSafetensorsTest, MissingExtraReshapedAndRetypedTensorsAreNamed) {
  std::vector<TensorSpec> tensors = MixedSpec().tensors();
  tensors.push_back({"head", {1}, Role::kParameter, Scope::kExchanged});
  EXPECT_THAT(LoadInto(tensors).ToString(), HasSubstr("CAIRN-4203 the file lacks tensor \"head\""));

  tensors = MixedSpec().tensors();
  tensors.erase(tensors.begin());
  EXPECT_THAT(LoadInto(tensors).ToString(), HasSubstr("CAIRN-4203 the file has a tensor \"conv.weight\""));

  tensors = MixedSpec().tensors();
  tensors[0].shape = {4};
  EXPECT_THAT(LoadInto(tensors).ToString(), HasSubstr("shape [2, 2] in the file, the model's is [4]"));

  tensors = MixedSpec().tensors();
  tensors[0].role = Role::kCounter;
  EXPECT_THAT(LoadInto(tensors).ToString(), HasSubstr("has dtype F32, a counter is I64"));
}

TEST(LoadSafetensorsTest, MissingCounterReadsAsZero) {
  std::vector<TensorSpec> tensors = MixedSpec().tensors();
  tensors.push_back({"bn.more", {}, Role::kCounter, Scope::kExchanged});
  ParameterSet set(ParameterSpec::Create(std::move(tensors)).value());
  std::ranges::fill(set.counters(), 99);
  const auto bytes = WriteSafetensors(MixedSet(), {});
  ASSERT_TRUE(LoadSafetensors(ParseSafetensors(bytes).value(), set).ok());
  EXPECT_THAT(std::vector<std::int64_t>(set.counters().begin(), set.counters().end()),
              ElementsAre(-1, 0, -2, -3));
}

TEST(LoadSafetensorsTest, ValueThatIsNotFiniteIsRefusedWithItsPlace) {
  ParameterSet set = MixedSet();
  set.tensor(0)[3] = std::numeric_limits<float>::infinity();
  const auto bytes = WriteSafetensors(set, {});
  const Status status = LoadSafetensors(ParseSafetensors(bytes).value(), set);
  EXPECT_EQ(status.id(), errors::kModelNotFinite);
  EXPECT_THAT(status.what(), HasSubstr("element 3 of tensor \"conv.weight\""));
}

TEST(SpecOfSafetensorsTest, RolesThatDoNotFitAreRefused) {
  const auto spec_with = [](const std::string& roles) {
    const std::vector<float> value = {1};
    const auto bytes = Framed(R"({"__metadata__":{"cairn.roles":")" + roles +
                                  R"("},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                              BytesOf(value));
    return SpecOfSafetensors(ParseSafetensors(bytes).value()).status();
  };
  EXPECT_THAT(spec_with("counter exchanged w").ToString(), HasSubstr("CAIRN-4203"));
  EXPECT_THAT(spec_with("buffer exchanged v").ToString(), HasSubstr("\"v\", which the file lacks"));
  EXPECT_THAT(spec_with("buffer w").ToString(), HasSubstr("role scope name"));
  EXPECT_THAT(spec_with("\\n").ToString(), HasSubstr("role scope name"));
  EXPECT_TRUE(spec_with("buffer local w").ok());
}

TEST(SpecOfSafetensorsTest, DTypeThatIsNoModelsIsRefused) {
  const auto bytes = Framed(R"({"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", {});
  EXPECT_THAT(SpecOfSafetensors(ParseSafetensors(bytes).value()).status().ToString(), HasSubstr("dtype U8"));
}

TEST(ParseSafetensorsTest, TensorsOverTheLimitAreRefused) {
  std::string header = "{";
  for (int i = 0; i < 8193; ++i) {
    header +=
        (i == 0 ? "\"" : ",\"") + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  }
  EXPECT_THAT(ParseSafetensors(Framed(header + "}", {})).status().ToString(),
              HasSubstr("more than 8192 tensors"));
}

TEST(ParseSafetensorsTest, MessagesSayWhereAndWhatWasExpected) {
  const std::vector<float> two = {1, 2};
  const auto what = [&](std::string_view header) {
    return ParseSafetensors(Framed(header, BytesOf(two))).status().what();
  };
  EXPECT_THAT(what(R"({"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})"),
              HasSubstr("tensor \"w\" has 8 bytes, shape [3] of F32 needs 12"));
  EXPECT_THAT(what(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})"), HasSubstr("4 bytes follow"));
  EXPECT_THAT(what(R"({"w")"), HasSubstr("byte 4 of the header: expected ':'"));
}

class PublishedModel : public ::testing::TestWithParam<std::tuple<const char*, std::size_t, std::int64_t>> {};

TEST_P(PublishedModel, ReadsWithTheNumbersOfItsReadme) {
  const auto& [file, tensors, numbers] = GetParam();
  const char* data = std::getenv("CAIRN_TEST_DATA");
  const std::filesystem::path path = std::filesystem::path(data == nullptr ? "" : data) / file;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << file;
  const auto bytes = ReadFile(path);
  const Result<SafetensorsView> view = ParseSafetensors(bytes);
  ASSERT_TRUE(view.ok()) << view.status().ToString();
  EXPECT_EQ(view->tensors.size(), tensors);
  const Result<ParameterSpec> spec = SpecOfSafetensors(*view);
  ASSERT_TRUE(spec.ok()) << spec.status().ToString();
  EXPECT_EQ(spec->total(Role::kParameter), numbers);
  ParameterSet set(*spec);
  EXPECT_TRUE(LoadSafetensors(*view, set).ok());
}

// 269,722 parameters and 1,376 statistics of batch norm in ResNet-20; 260,032 parameters in the small Llama.
INSTANTIATE_TEST_SUITE_P(
    Files, PublishedModel,
    ::testing::Values(std::tuple("models-resnet-cifar10/resnet20_cifar10.safetensors", 97u, 271098),
                      std::tuple("models-stories260k/stories260K.safetensors", 47u, 260032)));

}  // namespace
}  // namespace cairn
