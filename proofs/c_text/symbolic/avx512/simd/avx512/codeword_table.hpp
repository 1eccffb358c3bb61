// In place of a table of codewords: the codeword of an index is the value that the index has in its low bits. That the library's table
// finds it there is a question of its own.
#pragma once

#include "simd/simd.hpp"

namespace hdq::symbolic {

template <int bits>
struct CodewordTable {
  using Floats = hn::Vec<hn::ScalableTag<float>>;
  using Integers = hn::Vec<hn::ScalableTag<::std::int32_t>>;
  explicit CodewordTable(const float*) {}
  Floats operator()(const Integers& index) const {
    Floats v;
    for (int i = 0; i < 16; ++i) v.raw.lane[i] = Place(extract<bits>(index.raw.lane<32>(i), 0));
    return v;
  }
};

}  // namespace hdq::symbolic
