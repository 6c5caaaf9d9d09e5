# How this project declares its parts. A folder is a library; DEPS are folders, as drawn in
# docs/architecture.md, so that tests/layering can hold them against the arrows.
include_guard()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
if(CAIRN_VERIFY_HEADERS)
  set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Objects of equal sources are equal in every build folder, so they share the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${CCACHE_PROGRAM})
endif()

# LibTorch's headers cost a gigabyte a compilation: never more than two at once.
set_property(GLOBAL APPEND PROPERTY JOB_POOLS cairn_heavy=2)

add_library(cairn_options INTERFACE)
target_include_directories(cairn_options INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                                                   $<INSTALL_INTERFACE:include/cairn>)
target_compile_features(cairn_options INTERFACE cxx_std_20)
target_compile_options(cairn_options INTERFACE
  $<BUILD_INTERFACE:-Wall -Wextra $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local> -Wnon-virtual-dtor -Woverloaded-virtual>
  $<BUILD_INTERFACE:$<$<BOOL:${CAIRN_WERROR}>:-Werror>>
  # gcc 12 takes inlined std::string assignments for overlapping copies once it optimizes (GCC bug 105651).
  $<BUILD_INTERFACE:$<$<AND:$<CXX_COMPILER_ID:GNU>,$<NOT:$<CONFIG:Debug>>>:-Wno-restrict>>
  $<BUILD_INTERFACE:-ffp-contract=off>)

function(cairn_target_name folder out)
  string(REPLACE "/" "_" name ${folder})
  set(${out} cairn_${name} PARENT_SCOPE)
endfunction()

# cairn_add_library(SRCS a.cc … HDRS a.h … DEPS core/base … LIBS Pkg::lib …)
# declares the library of the current folder. LIBS are outside packages and stay private, since
# no header shows them outside its quarantine. HEAVY marks users of LibTorch's headers.
function(cairn_add_library)
  cmake_parse_arguments(ARG "HEAVY" "" "SRCS;HDRS;DEPS;LIBS;PUBLIC_LIBS" ${ARGN})
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  cairn_target_name(${folder} name)
  if(ARG_SRCS)
    add_library(${name} STATIC ${ARG_SRCS})
    set(scope PUBLIC)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  string(REPLACE "/" "_" export ${folder})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${export})
  add_library(cairn::${export} ALIAS ${name})
  target_sources(${name} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HDRS})
  target_link_libraries(${name} ${scope} cairn_options)
  foreach(dep IN LISTS ARG_DEPS)
    cairn_target_name(${dep} dep_name)
    target_link_libraries(${name} ${scope} ${dep_name})
  endforeach()
  if(ARG_LIBS)
    target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  endif()
  if(ARG_PUBLIC_LIBS)
    target_link_libraries(${name} ${scope} ${ARG_PUBLIC_LIBS})
  endif()
  if(ARG_HEAVY)
    set_property(TARGET ${name} PROPERTY JOB_POOL_COMPILE cairn_heavy)
  endif()
  set_property(GLOBAL APPEND PROPERTY CAIRN_LIBRARIES ${name})
endfunction()

# cairn_add_test(name SRCS … DEPS … LIBS … LABELS unit): one GoogleTest program.
function(cairn_add_test name)
  cmake_parse_arguments(ARG "HEAVY" "TIMEOUT" "SRCS;DEPS;LIBS;LABELS" ${ARGN})
  if(NOT CAIRN_TESTS)
    return()
  endif()
  add_executable(${name} ${ARG_SRCS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE cairn_options GTest::gtest GTest::gmock GTest::gtest_main ${ARG_LIBS})
  foreach(dep IN LISTS ARG_DEPS)
    cairn_target_name(${dep} dep_name)
    target_link_libraries(${name} PRIVATE ${dep_name})
  endforeach()
  if(ARG_HEAVY)
    set_property(TARGET ${name} PROPERTY JOB_POOL_COMPILE cairn_heavy)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 10")  # watched code is up to as much slower
  endif()
  # The JSON report is where tools/test counts cases.
  add_test(NAME ${name} COMMAND ${name} --gtest_output=json:${PROJECT_BINARY_DIR}/test-reports/${name}.json)
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "OPENBLAS_NUM_THREADS=1;OMP_NUM_THREADS=1;CAIRN_TEST_DATA=${CAIRN_TEST_DATA};CAIRN_BIN_DIR=${PROJECT_BINARY_DIR}/bin;CAIRN_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
endfunction()

# Fuzz targets are libFuzzer programs in the fuzz preset; elsewhere the same function replays its corpus as a test.
function(cairn_add_fuzz name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS} $<$<NOT:$<BOOL:${CAIRN_FUZZ}>>:${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cc>)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE cairn_options)
  foreach(dep IN LISTS ARG_DEPS)
    cairn_target_name(${dep} dep_name)
    target_link_libraries(${name} PRIVATE ${dep_name})
  endforeach()
  if(CAIRN_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_test(NAME ${name} COMMAND ${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(${name} PROPERTIES LABELS "unit;fuzz" TIMEOUT 60)
  endif()
endfunction()
