# One fact, one place: writes the headers that hold constants fixed elsewhere, or, with -DCHECK=ON, fails where one differs.
#   σ and κ of the shipped generators (SPEC §3)   proofs/constants.txt, which Coq prints
#   certified uniform constants (SPEC §5.5)       data/bounds/b1.json … b8.json, which hdq bounds writes
#   usage: cmake [-DCHECK=ON] -P cmake/generate_constants.cmake
# Oracles (Coq, plain C, numpy, tests) have copies by hand; tests/docs/docs_test.py compares them.
cmake_minimum_required(VERSION 3.25)
get_filename_component(root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)

function(emit path text)
  set(text "// Written by cmake/generate_constants.cmake; do not edit.\n${text}")
  if(NOT CHECK)
    file(WRITE ${root}/${path} "${text}")
    return()
  endif()
  file(READ ${root}/${path} present)
  if(NOT present STREQUAL text)
    message(SEND_ERROR "${path} differs from its sources; run cmake -P cmake/generate_constants.cmake")
  endif()
endfunction()

# name in proofs/constants.txt → "v1, v2, …"
function(shipped name result)
  file(STRINGS ${root}/proofs/constants.txt line REGEX "^${name} ")
  string(REPLACE "${name} " "" line "${line}")
  string(REPLACE " " ", " line "${line}")
  if(NOT line MATCHES "^[0-9]+(, [0-9]+)*$")
    message(FATAL_ERROR "proofs/constants.txt: ${name}: ${line}")
  endif()
  set(${result} "${line}" PARENT_SCOPE)
endfunction()

shipped(shipped_sigma_times_64 sigma)
shipped(shipped_kappa_times_64 kappa)
string(REGEX MATCHALL "[0-9]+" widths "${sigma}")
list(LENGTH widths shipped_bits)
set(shipped_constants "inline constexpr int shipped_bits = ${shipped_bits};  // b is 1 to this
inline constexpr int shipped_sigma_times_64[shipped_bits] = {${sigma}};
inline constexpr int shipped_kappa_times_64[shipped_bits] = {${kappa}};
")
emit(reference/include/hdq/reference/scheme/shipped_constants.hpp "// SPEC §3: 64σ and 64κ of the shipped generators; [b − 1].
#pragma once

namespace hdq::reference {

${shipped_constants}
}  // namespace hdq::reference
")
emit(fast/tables/shipped_constants.hpp "// SPEC §3: 64σ and 64κ of the shipped generators; [b − 1].
#pragma once

namespace hdq::tables {

${shipped_constants}
}  // namespace hdq::tables
")

# `lower` or `upper` of each certificate, in millionths, of which all are multiples: "v1, v2, …"
function(bounds key result)
  set(values "")
  foreach(bits RANGE 1 ${shipped_bits})
    file(READ ${root}/data/bounds/b${bits}.json certificate)
    string(JSON value GET "${certificate}" ${key})
    if(NOT value MATCHES "^([0-9]+)/([0-9]+)$")
      message(FATAL_ERROR "b${bits}.json: ${key} is ${value}")
    endif()
    math(EXPR millionths "${CMAKE_MATCH_1} * 1000000 / ${CMAKE_MATCH_2}")
    math(EXPR back "${millionths} * ${CMAKE_MATCH_2} - ${CMAKE_MATCH_1} * 1000000")
    if(NOT back EQUAL 0)
      message(FATAL_ERROR "b${bits}.json: ${key} is no multiple of 1e-6: ${value}")
    endif()
    list(APPEND values ${millionths})
  endforeach()
  list(JOIN values ", " values)
  set(${result} "${values}" PARENT_SCOPE)
endfunction()

bounds(lower lower)
bounds(upper upper)
emit(fast/src/codec/certified_error.hpp "// SPEC §5.5: E‖x̂ − x‖² <= C_b·4^-b·‖x‖² for every x, by the certificates data/bounds/b1.json … b8.json; [b − 1].
#pragma once

namespace hdq::detail {

// 10^6·C_b
inline constexpr int certified_millionths[${shipped_bits}] = {${upper}};

}  // namespace hdq::detail
")
emit(validate/include/hdq/validate/checks/uniform_constant.hpp "// SPEC §5.5: sup over d, H and x of E‖x̂ − x‖²/‖x‖²·4^b for the shipped generators lies between these two, by the
// certificates data/bounds/b1.json … b8.json. The lower one is reached, in the limit, by flat vectors.
#pragma once

#include <cmath>

namespace hdq::validate {

inline constexpr int uniform_constant_lower_millionths[${shipped_bits}] = {
    ${lower}};
inline constexpr int uniform_constant_upper_millionths[${shipped_bits}] = {
    ${upper}};

// The quotients of doubles are rounded to nearest; the next double makes bounds of them.
inline double uniform_constant_lower(int bits) {
  return std::nextafter(uniform_constant_lower_millionths[bits - 1] / 1e6, 0.0);
}
inline double uniform_constant_upper(int bits) {
  return std::nextafter(uniform_constant_upper_millionths[bits - 1] / 1e6, 10.0);
}

}  // namespace hdq::validate
")
