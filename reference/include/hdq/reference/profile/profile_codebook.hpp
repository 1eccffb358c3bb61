// The codebook of a profile at a dimension and bit width: codewords in ascending order, thresholds between neighbours, and the unit.
#pragma once

#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/profile/profile.hpp"
#include "hdq/reference/profile/profile_rotation.hpp"

namespace hdq::reference {

// A kernel's table that is not the named one; what() says where first.
struct WrongTable : BadProfile {
  WrongTable(const std::string& what, std::vector<Ball> named_table, std::vector<double> given_table)
      : BadProfile(what), named(std::move(named_table)), given(std::move(given_table)) {}
  std::vector<Ball> named;
  std::vector<double> given;
};

struct ProfileTable {
  std::vector<Ball> codewords, thresholds;  // in the codebook's unit; one threshold less than codewords
  Ball unit;
};

// Throws BadProfile where the profile says nothing for these bits.
ProfileTable profile_table(const Profile& profile, std::size_t dimension, int bits, const DataSource& data);

}  // namespace hdq::reference
