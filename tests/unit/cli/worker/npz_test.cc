#include "cli/worker/npz.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/unit/cli/worker/scratch_folder.h"

namespace cairn {
namespace {

using testing::HasSubstr;

class NpzTest : public ScratchFolder {
 protected:
  static ParameterSet Model() {
    auto spec = ParameterSpec::Create({{"fc.weight", {2, 3}, Role::kParameter, Scope::kExchanged},
                                       {"scale", {}, Role::kParameter, Scope::kExchanged},
                                       {"bn.mean", {3}, Role::kBuffer, Scope::kExchanged},
                                       {"bn.batches", {2}, Role::kCounter, Scope::kExchanged}});
    EXPECT_TRUE(spec.ok());
    ParameterSet set(std::move(*spec));
    for (std::size_t i = 0; i < set.floats().size(); ++i) set.floats()[i] = 0.5f + static_cast<float>(i);
    set.counters()[0] = 7;
    set.counters()[1] = -9'000'000'000;
    return set;
  }
};

// Reads the archive with the standard library alone: names, checksums, headers, values.
constexpr const char* kReader = R"(
import ast, struct, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
found = {}
for name in archive.namelist():
    data = archive.read(name)
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    size = struct.unpack("<H", data[8:10])[0]
    assert (10 + size) % 64 == 0 and data[9 + size:10 + size] == b"\n"
    header = ast.literal_eval(data[10:10 + size].decode())
    assert header["fortran_order"] is False
    letter = {"<f4": "f", "<i8": "q"}[header["descr"]]
    body = data[10 + size:]
    found[name] = (header["shape"], list(struct.unpack("<%d%s" % (len(body) // struct.calcsize(letter), letter), body)))
assert found == {
    "fc.weight.npy": ((2, 3), [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]),
    "scale.npy": ((), [6.5]),
    "bn.mean.npy": ((3,), [7.5, 8.5, 9.5]),
    "bn.batches.npy": ((2,), [7, -9000000000]),
}, found
try:
    import numpy
except ImportError:
    sys.exit(0)
arrays = numpy.load(sys.argv[1], allow_pickle=False)
assert arrays["fc.weight"].dtype == numpy.float32 and arrays["fc.weight"].tolist() == [[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]]
assert arrays["scale"].shape == () and arrays["bn.batches"].tolist() == [7, -9000000000]
)";

TEST_F(NpzTest, PythonReadsEveryArrayBack) {
  if (std::system("command -v python3 > /dev/null") != 0) GTEST_SKIP() << "no python3 here";
  const auto npz = ToNpz(Model());
  ASSERT_TRUE(npz.ok());
  const std::string command = "python3 " + File("read.py", kReader) + " " + File("model.npz", *npz);
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST_F(NpzTest, EqualModelsGiveEqualBytes) { EXPECT_EQ(*ToNpz(Model()), *ToNpz(Model())); }

TEST_F(NpzTest, NameThatWouldLeaveTheFolderIsRefused) {
  for (const char* name : {"/etc/passwd", "../../x", "a\\b"}) {
    auto spec = ParameterSpec::Create({{name, {1}, Role::kParameter, Scope::kExchanged}});
    ASSERT_TRUE(spec.ok());
    const auto npz = ToNpz(ParameterSet(std::move(*spec)));
    ASSERT_FALSE(npz.ok()) << name;
    EXPECT_EQ(npz.status().id(), errors::kModelSpec);
    EXPECT_THAT(npz.status().what(), HasSubstr(name));
  }
}

TEST_F(NpzTest, NoTensorsGiveAnEmptyArchive) {
  const auto npz = ToNpz(ParameterSet());
  ASSERT_TRUE(npz.ok());
  EXPECT_EQ(npz->size(), 22u);  // the end record alone
}

}  // namespace
}  // namespace cairn
