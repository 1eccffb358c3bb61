// How long the streams of SPEC §7 are, over all vectors, dimensions, signs and Hadamard matrices: in bits per coordinate, as enclosures.
//
// cost(z) is the mean over V of what a coordinate z costs the tables, escapes and raw bits included. Whatever the vector, the mean of z_j² over
// its coordinates is 1; so cost(z) <= a + b·z² for all real z bounds the mean length of every vector by a + b. As V runs through (0, 1), the coarse
// code of z/W = i + f is i while V < 1 − f and i + 1 after: cost is linear between the knots z = W·(i + k/64), where i + f crosses a bucket.
#pragma once

#include <cstddef>
#include <optional>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/entropy_coded.hpp"

namespace hdq::reference {

// R(D) = ½·log2((πe/6)·(1 + 1/D)).
Ball rate_of_error(const Rational& error);
// D(R) = (πe/6)/(4^R − πe/6), R > 0.2546.
Ball error_of_rate(const Ball& rate);

// The mean cost of z under V uniform on (0, 1), raw bits included.
Ball mean_cost(const StepNumbers& step, const Rational& z);

struct EntropyLength {
  Ball a, b;   // a proved majorant a + b·z² of the mean cost, for all real z
  Ball least;  // the mean cost of a one-hot vector, z = ±1: no bound over all vectors is less
  // Of the stream of a row of d coordinates, per coordinate, its 32 bits of norm and the file's bytes for its length apart: at least the upper end of
  // `coder_least`'s lower end for a one-hot vector, and at most coder_most for every vector.
  Ball coder_least(std::optional<std::size_t> d) const;
  Ball coder_most(std::optional<std::size_t> d) const;
  int raw_bits;
};

// Throws std::runtime_error if no majorant is proved.
EntropyLength entropy_length(const StepNumbers& step);

}  // namespace hdq::reference
