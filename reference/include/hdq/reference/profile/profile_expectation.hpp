// The error of a profile's scheme on a vector, in real arithmetic: E‖x̂ − x‖²/‖x‖², ‖E x̂ − x‖/‖x‖ and E⟨x, x̂⟩/‖x‖² over its randomness where that
// can be enumerated, and otherwise for given data: deterministic schemes have an error for each vector.
//
//   signs       the only seeded data is one table of at most 12 signs: all sign patterns are summed
//   stochastic  rounding with k random bits: each code's probability is a multiple of 2^-k, and x̂ is linear in the codewords; the data are given
//   data        one value: that of the given data
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/profile/profile.hpp"
#include "hdq/reference/profile/profile_codebook.hpp"
#include "hdq/reference/profile/profile_judge.hpp"

namespace hdq::reference {

struct ProfileError {
  Ball mse, bias, correlation;
  std::string method;  // for people
};

// Data that satisfy what the profile asks of them, drawn by Philox (SPEC §2) from a seed: signs, permutations, orthogonal and Gaussian matrices,
// random numbers; named tables as they are named. Matrices of ±1 only of the orders 12, 20, 28 and powers of two. Throws BadProfile for others.
DataSource drawn_data(const Profile& profile, std::size_t dimension, int bits, std::uint64_t seed);

// x: n floats, not all zero. Throws BadProfile, NotOffered.
ProfileError profile_error(const Profile& profile, int bits, const std::vector<float>& x, std::uint64_t data_seed);

// The unit vector of largest error among one-hot, k-hot, constant and alternating ones, rows of the rotation, and rows that the rotation sends to
// the codebook's thresholds or beyond its ends.
struct ProfileAdversary {
  std::vector<float> x;
  std::string family;
  ProfileError error;
};
ProfileAdversary profile_adversary(const Profile& profile, std::size_t dimension, int bits, std::uint64_t data_seed);

// Where x̂ = ‖x‖·Q(z) with nearest codewords, z the rotated coordinates of mean square one: codewords and thresholds of z.
std::optional<ProfileTable> normalised_table(const Profile& profile, std::size_t dimension, int bits,
                                             std::uint64_t data_seed);

// Is each rotated coordinate √d·y_j/‖x‖ a sum Σ ε_i u_i over independent fair signs, ‖u‖ = 1, u independent of them? So it is where the rotation is
// orthogonal and made of signs, permutations and Hadamard matrices of the whole row, the last of these behind seeded signs that come once.
bool rotates_by_signs(const Profile& profile, std::size_t dimension, int bits);

// An upper bound of ‖x̂ − x‖²/‖x‖² for every x and every orthogonal rotation, so for every distribution of rotations: with M(z) = (Q(z) − z)², z of
// mean square one, the mean of M is at most λ + max_z (M(z) − λ z²) for every λ >= 1, the least of which over a grid is returned. Nothing where
// the scheme is not x̂ = ‖x‖·Q with nearest codewords.
std::optional<Ball> profile_error_bound(const Profile& profile, std::size_t dimension, int bits, std::uint64_t data_seed);

}  // namespace hdq::reference
