# Every outside package, found once. System packages first; nothing is downloaded during a build.
include_guard()

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC REQUIRED CONFIG)
find_package(spdlog REQUIRED CONFIG)
find_package(fmt REQUIRED CONFIG)
find_package(nlohmann_json REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)

if(CAIRN_WORKER)
  find_package(Torch REQUIRED)
endif()
if(CAIRN_TESTS)
  find_package(GTest REQUIRED)
endif()
if(CAIRN_BENCH)
  find_package(benchmark REQUIRED)
endif()

# Real data sets that tests use where present; a test says so when it is left out.
set(CAIRN_TEST_DATA "${PROJECT_SOURCE_DIR}/../shared/data" CACHE PATH "folder with the test data sets")
