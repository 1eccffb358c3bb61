// The first butterfly of a row, between neighbours, straight from memory: no instruction set here has a way that beats a shuffle.
#pragma once

namespace hdq::HDQ_ISA {

inline constexpr bool kNeighboursFromMemory = false;
template <class D, class V = hn::Vec<D>>
V NeighbourButterfly(D, const float*);
template <class D, class V = hn::Vec<D>>
V SignedNeighbourButterfly(D, const float*, const float*);

}  // namespace hdq::HDQ_ISA
