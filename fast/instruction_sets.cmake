# Kernel files are compiled once per instruction set (src/simd/simd.hpp): here are the sets of this architecture, the one place that
# lists them for the build.
#   hdq_kernels(TARGET SOURCES FILE…)   adds to TARGET the objects of FILE… for every instruction set
set(HDQ_INSTRUCTION_SETS_BUILT "" CACHE STRING "Only these of the architecture's instruction sets, for shorter builds; scalar is always built")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(HDQ_INSTRUCTION_SETS avx512 avx2 scalar)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  set(HDQ_INSTRUCTION_SETS neon scalar)
else()
  set(HDQ_INSTRUCTION_SETS scalar)
endif()
if(HDQ_INSTRUCTION_SETS_BUILT)
  foreach(name IN LISTS HDQ_INSTRUCTION_SETS)
    if(NOT name STREQUAL scalar AND NOT name IN_LIST HDQ_INSTRUCTION_SETS_BUILT)
      list(REMOVE_ITEM HDQ_INSTRUCTION_SETS ${name})
    endif()
  endforeach()
endif()
set(HDQ_RUNS_AVX512 OFF)  # the machine that builds
if(EXISTS /proc/cpuinfo)
  file(STRINGS /proc/cpuinfo flags REGEX "avx512f" LIMIT_COUNT 1)
  if(flags)
    set(HDQ_RUNS_AVX512 ON)
  endif()
endif()
set(HDQ_HIGHWAY_TARGET_avx512 HWY_AVX3)
set(HDQ_HIGHWAY_TARGET_avx2 HWY_AVX2)
set(HDQ_HIGHWAY_TARGET_neon HWY_NEON)
set(HDQ_HIGHWAY_TARGET_scalar HWY_SCALAR)

# The kernels of the library: what fills a route table (src/simd/kernels.hpp).
set(HDQ_KERNEL_SOURCES
  src/attention/scale.cpp
  src/attention/softmax.cpp
  src/attention/tile_sums.cpp
  src/attention/weighted_sums.cpp
  src/codes/get_rows.cpp
  src/codes/lookup.cpp
  src/codes/pack.cpp
  src/codes/put_rows.cpp
  src/mean/add_rounded.cpp
  src/quantizer/codebook.cpp
  src/quantizer/compand.cpp
  src/quantizer/quantize.cpp
  src/quantizer/quantize_pack.cpp
  src/quantizer/uniform_step.cpp
  src/rotation/base_12.cpp
  src/rotation/base_20.cpp
  src/rotation/base_28.cpp
  src/rotation/hadamard.cpp
  src/rotation/norm.cpp
  src/rotation/signs.cpp
  src/rotation/widen.cpp
  src/score/byte_sums.cpp
  src/score/expand_bytes.cpp
  src/score/score_sums.cpp
  src/score/vector_sums.cpp
  src/simd/table.cpp
  src/streams/dither_words.cpp)
list(TRANSFORM HDQ_KERNEL_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/)

# Highway's headers are four fifths of a kernel file's compile time. Where hdq is a part of another build they are not precompiled: what a
# kernel file forgets to include does not compile there (tests/install/external_test.cmake). GCC forgets in a precompiled header which
# warnings <immintrin.h> had switched off, and finds some in its AVX-512 part.
function(hdq_precompile_highway objects highway_target)
  list(LENGTH ARGN files)
  if(PROJECT_IS_TOP_LEVEL AND files GREATER 4 AND NOT (CMAKE_CXX_COMPILER_ID STREQUAL GNU AND highway_target STREQUAL HWY_AVX3))
    set(simd ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/src/simd)
    target_precompile_headers(${objects} PRIVATE ${simd}/entries.hpp ${simd}/simd.hpp)
  endif()
endfunction()

# One instruction set's objects, in the namespace hdq::NAME. OVERRIDES: its list of blocks of its own, or nothing.
function(hdq_instruction_set objects name highway_target overrides)
  add_library(${objects} OBJECT ${ARGN})
  target_include_directories(${objects} PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/include ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/src)
  target_link_libraries(${objects} PRIVATE hdq_highway_headers hdq_options)
  hdq_precompile_highway(${objects} ${highway_target} ${ARGN})
  # The unrolled ones are kilobytes of straight code, whose time depends on where they begin (docs/performance.md).
  target_compile_options(${objects} PRIVATE -falign-functions=64)
  if(name STREQUAL scalar OR name MATCHES portable)
    target_compile_options(${objects} PRIVATE $<$<CONFIG:Release>:-O2>)  # -O3 unrolls what has no vectors: score_sums.cpp compiles five times as long
  endif()
  if(HDQ_SANITIZE MATCHES undefined)
    # Nearly four times the compile time of base_28.cpp; that accesses lie inside their arrays, ASan sees.
    target_compile_options(${objects} PRIVATE -fno-sanitize=pointer-overflow)
  endif()
  if(HDQ_SANITIZE MATCHES address AND name STREQUAL avx512 AND NOT HDQ_RUNS_AVX512)
    # Nothing runs them here: they are compiled for the compiler's warnings.
    target_compile_options(${objects} PRIVATE -O0 -fno-sanitize=all)
  endif()
  target_compile_definitions(${objects} PRIVATE HDQ_ISA=${name} HDQ_TARGET=${highway_target})
  if(overrides)
    target_compile_definitions(${objects} PRIVATE HDQ_OVERRIDES="${overrides}")
  endif()
  set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()

function(hdq_kernels target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES")
  foreach(name IN LISTS HDQ_INSTRUCTION_SETS)
    set(overrides "")
    if(EXISTS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/src/simd/${name}/overrides.hpp)
      set(overrides simd/${name}/overrides.hpp)
    endif()
    hdq_instruction_set(${target}_${name} ${name} ${HDQ_HIGHWAY_TARGET_${name}} "${overrides}" ${arg_SOURCES})
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_${name}>)
    string(TOUPPER ${name} upper)
    target_compile_definitions(${target} PRIVATE HDQ_HAVE_${upper})
  endforeach()
endfunction()

# For tests: the portable path on vectors for which the library has something better, of 128 and of 256 bits.
function(hdq_portable_objects target)
  if("avx2" IN_LIST HDQ_INSTRUCTION_SETS)
    hdq_instruction_set(hdq_portable_sse4 portable_sse4 HWY_SSE4 "" ${HDQ_KERNEL_SOURCES})
    hdq_instruction_set(hdq_portable_avx2 portable_avx2 HWY_AVX2 "" ${HDQ_KERNEL_SOURCES})
    set_target_properties(hdq_portable_sse4 hdq_portable_avx2 PROPERTIES EXCLUDE_FROM_ALL ON)
    # Only tests run these: what compiles fast.
    foreach(objects hdq_portable_sse4 hdq_portable_avx2)
      target_compile_options(${objects} PRIVATE -O1)
    endforeach()
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:hdq_portable_sse4> $<TARGET_OBJECTS:hdq_portable_avx2>)
    target_compile_definitions(${target} PRIVATE HDQ_PORTABLE_X86)
  endif()
endfunction()
