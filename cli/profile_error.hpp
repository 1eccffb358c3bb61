// What hdq mse, bias, adversary, bounds and report say of a profile's scheme (docs/profiles.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hdq/figures/query.hpp"
#include "options.hpp"

namespace hdq::cli {

struct ProfileArguments {
  std::string profile;
  std::uint64_t data_seed = 0;

  bool given() const { return !profile.empty(); }
  void add_to(Command command);
};
void add_data_seed(Command command, std::uint64_t& data_seed);

// Each prints, and returns an exit code. Throws UsageError, BadInput.
int print_profile_mse(const figures::Query& query, int digits, bool json);
int print_profile_bias(const figures::Query& query, int digits, bool json);
// output: a file for the vector, or empty.
int print_profile_adversary(const ProfileArguments& arguments, int bits, std::size_t dimension, const std::string& output, bool json);
// For each bit width of the profile: the worst vector found, and what the error is certified to be at most.
int print_profile_bounds(const ProfileArguments& arguments, std::size_t dimension, bool json);

// A shipped profile under its own rotation, by bit width: E‖x̂ − x‖²/‖x‖² of a bell-shaped vector and of the worst one found, and ‖E x̂ − x‖/‖x‖ of
// the latter. Over all signs where these are the only random data (n = 8), else for data drawn from seed 1.
struct ProfileRow {
  std::string name;
  std::size_t n = 0;
  bool over_signs = false;
  std::array<std::optional<double>, 9> gaussian, worst, bias;  // [b], upper ends
};
std::vector<ProfileRow> profile_rows();

}  // namespace hdq::cli
