// What hdq mse, bias, adversary, bounds and report say of a profile's scheme (docs/profiles.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
int print_profile_mse(const ProfileArguments& arguments, int bits, const std::vector<double>& x, const std::string& vector_name, int digits, bool json);
int print_profile_bias(const ProfileArguments& arguments, int bits, const std::vector<double>& x, const std::string& vector_name, int digits, bool json);
// output: a file for the vector, or empty.
int print_profile_adversary(const ProfileArguments& arguments, int bits, std::size_t dimension, const std::string& output, bool json);
// For each bit width of the profile: the worst vector found, and what the error is certified to be at most.
int print_profile_bounds(const ProfileArguments& arguments, std::size_t dimension, bool json);
// The table of shipped profiles, an HTML fragment.
std::string profiles_table_html();

}  // namespace hdq::cli
