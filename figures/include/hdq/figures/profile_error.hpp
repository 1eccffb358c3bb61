// The error and bias of a profile's scheme (docs/profiles.md) under its own rotation. UsageError, io::BadInput naming the profile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hdq/figures/notation.hpp"

namespace hdq::figures {

struct ProfileQuery {
  std::string profile;
  std::uint64_t data_seed = 0;  // of the signs, permutations and matrices that the profile leaves to the kernel
  int bits = 0;                 // 0: the only ones that the profile has
};

Notation::Json profile_mse(const ProfileQuery& query, const std::vector<double>& x, const std::string& vector_name,
                           const Notation& notation);
Notation::Json profile_bias(const ProfileQuery& query, const std::vector<double>& x, const std::string& vector_name,
                            const Notation& notation);
// The worst vector found; it goes to `x`.
Notation::Json profile_adversary(const ProfileQuery& query, std::size_t dimension, const Notation& notation,
                                 std::vector<float>& x);
// For each bit width of the profile, whatever the query's: the worst error found ("found"), what the error is certified to be at most for every
// vector and rotation ("upper"), and in the mean over the signs ("upper_over_signs").
Notation::Json profile_bounds(const ProfileQuery& query, std::size_t dimension, const Notation& notation,
                              const Advance& advance = {});

}  // namespace hdq::figures
