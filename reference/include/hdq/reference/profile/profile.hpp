// A profile: what a quantizer of other conventions than SPEC's computes, as data (docs/profiles.md says what each field means).
// Read from JSON; resolved_profile.hpp fixes n, b and the data of a seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "hdq/reference/profile/expression.hpp"
#include "hdq/reference/profile/number_format.hpp"

namespace hdq::reference {

// A profile that is none, or none at this n and b; what() is one line that names the field.
struct BadProfile : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A step of the rotation is not defined at this n: the profile does not offer it.
struct NotOffered : BadProfile {
  using BadProfile::BadProfile;
};

// Numbers that a profile gives or a kernel exports.
struct ProfileData {
  enum class Kind { signs, permutation, hadamard, orthogonal, matrix, numbers, codebook, thresholds, random };
  Kind kind = Kind::numbers;
  std::string count = "d";                       // an expression
  bool seeded = false, per_row = false;
  std::map<int, std::vector<double>> values;     // by bits; 0: for all. Empty: the kernel exports them
};

struct ProfileStep {
  enum class Kind { signs, permutation, hadamard, matrix, kac, scale };
  enum class Parts { whole, leading, trailing, equal, binary, sizes };
  Kind kind = Kind::scale;
  std::string data;                 // signs, permutation, matrix; hadamard: the base, if it is data
  Parts parts = Parts::whole;
  std::vector<std::size_t> sizes;
  enum Base : int { base_hartley = 0, base_data = -1 };  // beside the orders 1, 12, 20, 28
  std::vector<int> bases = {1};     // hadamard: the first that fits a part; powers of two take 1
  bool inner = false;               // H ⊗ B, not B ⊗ H
  enum class When { always, power_of_two, not_power_of_two };  // of d
  When when = When::always;
  std::string scale;                // scale; hadamard: of each part, empty for none
};

struct ProfileScale {
  enum class Rule { one, norm, abs_max, signed_max, min_max };
  Rule rule = Rule::one;
  std::size_t group = 0;            // coordinates; 0: the row
  std::string times = "1";
  double plus = 0;                  // added for quantizing, not stored
  std::string over;                 // data, or empty
  NumberFormat format = binary32;
  bool quantize_with_stored = false;
};

struct ProfileCodebook {
  enum class Name { lloyd_max_normal, lloyd_max_sphere, uniform, e2m1, sign, values, data };
  enum class Tie { up, down, even, away, any };
  enum class Code { offset_binary, twos_complement, sign_magnitude };
  Name name = Name::values;
  std::string least = "0", most = "0", step = "1";  // uniform: expressions
  std::map<int, std::vector<double>> values;      // by bits
  std::string data;                               // alone, or beside a name: then within `within` of the named ones
  double within = 0;
  std::string unit = "1";
  int digits = -1;                                // decimals, −1: unrounded
  std::map<int, std::vector<double>> thresholds;  // empty: midpoints, or data
  std::string threshold_data;
  Tie tie = Tie::any;
  Code code = Code::offset_binary;
};

struct ProfileRounding {
  enum class Kind { nearest, free, stochastic, dither };
  Kind kind = Kind::nearest;
  int bits = 0;        // stochastic
  std::string random;  // data
};

struct ProfileFactor {
  enum class Rule { scale, one, norm, matched_norm, unbiased, projection };
  Rule rule = Rule::scale;
  std::size_t group = 0;
  std::string times = "1";
  NumberFormat format = binary32;
};

struct ProfileResidual {
  std::string matrix, factor;
  bool tie_up = true;
};

enum class Packing { bit_string, bit_planes, bit_planes_msb, nibbles_split, planes_2_1, bytes };
enum class Stored { scale, offset, factor, residual_norm, norm, sum, scaled_sum, square };
const char* stored_name(Stored stored);

struct ProfileArithmetic {
  NumberFormat rotation = binary32, rotated = binary32, scale = binary32, quantize = binary32, factor = binary32, decode = binary32,
               dot = binary32;
  bool butterfly = false;  // additions: log2 of a part's length, not one less than its length
};

struct Profile {
  std::string name, source, about;
  std::size_t least = 1, most = std::size_t{1} << 20, multiple_of = 1;  // of n
  std::optional<bool> power_of_two;                                     // true: only; false: none
  std::vector<int> bits = {1, 2, 3, 4, 5, 6, 7, 8};
  enum class Padding { none, power_of_two, hadamard_order, multiple };
  Padding padding = Padding::none;
  std::string padding_multiple = "1";
  std::size_t block = 0;  // 0: the row
  std::map<std::string, ProfileData> data;
  std::vector<ProfileStep> rotation;
  bool has_inverse = true;
  ProfileScale scale;
  std::optional<ProfileCodebook> codebook;
  ProfileRounding rounding;
  ProfileFactor factor;
  std::optional<ProfileResidual> residual;
  Packing packing = Packing::bit_string;
  std::vector<Stored> stored = {Stored::factor};
  bool decodes_rotated = false;
  ProfileArithmetic arithmetic;
  bool checks_input = true;  // NaN and infinity are refused; otherwise nothing is said of them
  bool claims_unbiased = false;
  std::map<int, double> claimed_error;

  bool offers(std::size_t n, int b) const;             // as far as lengths tell; a step may still throw NotOffered
  bool offers_bits(int b) const;
  std::size_t padded(std::size_t n, int b) const;        // d in all: N blocks
  std::size_t block_length(std::size_t n, int b) const;  // d of one block
  std::size_t blocks(std::size_t n, int b) const { return padded(n, b) / block_length(n, b); }
  // Coordinates to a scale and to a factor, at most a block.
  std::size_t scale_group(std::size_t n, int b) const { return scale.group == 0 ? block_length(n, b) : scale.group; }
  std::size_t factor_group(std::size_t n, int b) const;
  // Numbers in `norms` for a row.
  std::size_t stored_per_row(std::size_t n, int b) const;
  std::size_t stored_count(Stored stored, std::size_t n, int b) const;
  // Bits of a code: one less than b beside a residual sign.
  int code_bits(int b) const { return residual ? b - 1 : b; }
  std::size_t code_bytes(std::size_t n, int b) const;  // of a row, packed
  Names names(std::size_t n, int b) const;             // n, d, b
};

// Throws BadProfile.
Profile parse_profile(const std::string& json);

// The profiles that come with hdq, by name.
struct ShippedProfile {
  const char *name, *json;
};
const std::vector<ShippedProfile>& shipped_profiles();
// A shipped profile's name, or JSON (a text that begins with '{').
Profile profile_of(const std::string& name_or_json);

}  // namespace hdq::reference
