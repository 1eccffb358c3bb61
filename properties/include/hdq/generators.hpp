// RapidCheck generators of inputs that break quantizers: structured, extreme and padded vectors. They shrink to few and small
// integers. Link RapidCheck beside hdq::properties.
#pragma once

#include <rapidcheck.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hdq/reference/scheme/hadamard.hpp"
#include "hdq/reference/scheme/shipped_constants.hpp"

namespace hdq::properties::gen {

using Vector = std::vector<float>;

inline rc::Gen<int> bits() { return rc::gen::inRange(1, reference::shipped_bits + 1); }
inline rc::Gen<std::uint64_t> seed() { return rc::gen::arbitrary<std::uint64_t>(); }
// Row numbers on both sides of 2^32.
inline rc::Gen<std::uint64_t> row() {
  return rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 100), rc::gen::arbitrary<std::uint64_t>(),
                        rc::gen::inRange<std::uint64_t>(0xFFFFFFF0, 0x100000010));
}

// Every supported order up to `largest` (SPEC §1), m·2^0 among them.
inline rc::Gen<std::size_t> order(std::size_t largest) {
  std::vector<std::size_t> orders;
  for (std::size_t n = 1; n <= largest; ++n) {
    if (reference::hadamard_order(n).order == n) orders.push_back(n);
  }
  return rc::gen::elementOf(orders);
}
// Dimensions with and without padding, and around multiples of 8 and 16.
inline rc::Gen<std::size_t> dimension(std::size_t largest) {
  return rc::gen::oneOf(order(largest), rc::gen::inRange<std::size_t>(1, largest + 1), rc::gen::inRange<std::size_t>(1, std::min<std::size_t>(largest, 40) + 1));
}

// Multiples of 1/16: sums of them are exact in float32 for small dimensions, and shrink to few nonzero ones.
inline rc::Gen<Vector> grid_vector(std::size_t n) {
  return rc::gen::container<Vector>(n, rc::gen::map(rc::gen::inRange(-4096, 4097), [](int k) { return static_cast<float>(k) / 16; }));
}

inline rc::Gen<Vector> one_hot(std::size_t n) {
  return rc::gen::map(rc::gen::pair(rc::gen::inRange<std::size_t>(0, n), rc::gen::elementOf(std::vector<float>{1, -1, 3, 0.1f, 1e10f})),
                      [n](const std::pair<std::size_t, float>& at) {
                        Vector x(n);
                        x[at.first] = at.second;
                        return x;
                      });
}

inline rc::Gen<Vector> constant(std::size_t n) {
  return rc::gen::map(rc::gen::elementOf(std::vector<float>{1, -1, 0.75f, 1e-20f}), [n](float value) { return Vector(n, value); });
}

// A row of H of the order of n, cut to n: without random signs its rotation is a single spike.
inline rc::Gen<Vector> hadamard_row(std::size_t n) {
  const reference::HadamardOrder d = reference::hadamard_order(n);
  return rc::gen::map(rc::gen::inRange<std::size_t>(0, d.order), [n, d](std::size_t row) {
    Vector x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(reference::hadamard_entry(d, row, i));
    return x;
  });
}

// Neighbouring coordinates of magnitudes far apart.
inline rc::Gen<Vector> spread(std::size_t n) {
  return rc::gen::container<Vector>(n, rc::gen::map(rc::gen::pair(rc::gen::inRange(-1000, 1001), rc::gen::inRange(-30, 31)),
                                                    [](const std::pair<int, int>& v) { return std::ldexp(static_cast<float>(v.first), v.second); }));
}

// Norms from 2^-120 to 2^110, where float32 loses bits or overflows unless scaled. Exact multiples of 2^exponent.
inline rc::Gen<Vector> extreme(std::size_t n) {
  return rc::gen::map(rc::gen::pair(grid_vector(n), rc::gen::elementOf(std::vector<int>{-120, -104, -60, 60, 96, 104})),
                      [](const std::pair<Vector, int>& v) {
                        Vector x = v.first;
                        for (float& value : x) value = std::ldexp(value, v.second);
                        return x;
                      });
}

// Any of them. The zero vector is among them.
inline rc::Gen<Vector> vector(std::size_t n) {
  return rc::gen::oneOf(grid_vector(n), one_hot(n), constant(n), hadamard_row(n), spread(n), extreme(n), rc::gen::just(Vector(n)));
}

}  // namespace hdq::properties::gen
