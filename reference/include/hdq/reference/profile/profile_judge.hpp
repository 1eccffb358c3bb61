// The judge of a profile at one n, b and seed: every stage of a row derived in real arithmetic from the stage before it, and a
// kernel's output compared: equal, within the bound of the stated arithmetic, or wrong (docs/profiles.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hdq/reference/profile/profile.hpp"
#include "hdq/reference/profile/profile_rotation.hpp"

namespace hdq::reference {

enum class ProfileStage { rotation, rotation_back, scale, codes, factor, residual, stored, decode, dot };
const char* profile_stage_name(ProfileStage stage);

// The first number of a stage that is wrong.
struct Deviation {
  ProfileStage stage = ProfileStage::rotation;
  std::size_t index = 0;   // within the stage's output of the row
  double got = 0;          // the kernel's number, or code
  Ball expected;           // what real arithmetic gives; for codes: z in units of the codebook
  double error = 0, bound = 0;  // |got − expected|; how far legal arithmetic may be. For codes: z's distance from the code's cell, and z's bound
  std::string what;        // "factor", "code 7 for z = 0.31: should be 9", …
};

// A number that was compared: right where |got − expected| <= bound. Of codes: indices of codewords; bound is 0, or the distance of a
// codeword that is legal as well.
struct Compared {
  ProfileStage stage;
  double got, expected, bound;
};

struct StageVerdict {
  std::size_t equal = 0, within = 0, wrong = 0;
  std::optional<Deviation> first;
  std::vector<Compared> compared;

  bool right() const { return wrong == 0; }
  void count(bool is_equal, bool is_within) { ++(is_equal ? equal : is_within ? within : wrong); }
  void add(const StageVerdict& other);
};

// A row as encode writes it.
struct ProfileRow {
  std::vector<float> stored;        // stored_per_row numbers
  std::vector<std::uint8_t> bytes;  // code_bytes
};

class ProfileJudge {
 public:
  // Throws BadProfile. Data that differ from row to row are fetched for each row that is judged.
  ProfileJudge(Profile profile, std::size_t dimension, int bits, DataSource data);

  const Profile& profile() const { return profile_; }
  std::size_t dimension() const { return dimension_; }
  int bits() const { return bits_; }
  std::size_t rotated_length() const { return rotation_.padded(); }
  const std::vector<Ball>& codewords() const { return codewords_; }    // ascending, in the codebook's unit
  const std::vector<Ball>& thresholds() const { return thresholds_; }  // between neighbours
  const Ball& unit() const { return unit_; }

  // ---- expected values ----
  Approximate rotated(const float* x) const { return rotation_.forward(x); }
  Approximate rotation_back(const float* y) const { return back(Approximate::exactly(y, rotation_.padded())); }
  // x̂ (or ŷ) from what encode stored.
  Approximate decoded(const ProfileRow& row, std::uint64_t number) const;

  // ---- verdicts on one row ----
  StageVerdict judge_rotation(const float* x, const float* y) const;           // y: N d numbers
  StageVerdict judge_rotation_back(const float* y, const float* x) const;      // x: n numbers
  // The stored numbers and codes of x. y: the kernel's own rotated row, judged from instead of the exact one; or null.
  StageVerdict judge_encode(const float* x, const float* y, const ProfileRow& row, std::uint64_t number) const;
  StageVerdict judge_decode(const ProfileRow& row, const float* values, std::uint64_t number) const;
  StageVerdict judge_dot(const ProfileRow& row, const float* query, float value, std::uint64_t number) const;

  // Codes as written (0 … 2^b − 1) of a row, and the residual's signs.
  std::vector<std::uint8_t> codes_of(const ProfileRow& row) const;
  // The index of the codeword that a code stands for; −1 if it stands for none. And back.
  int codeword_index(std::uint8_t code) const;
  std::uint8_t code_of_index(int index) const;
  std::size_t packed_bytes() const;  // of the codes, without a residual's signs
  // The row with other codes.
  ProfileRow with_codes(const ProfileRow& row, const std::vector<std::uint8_t>& codes) const;
  std::uint8_t code_of_zero() const { return code_of_index(exact_index(Ball(0), 0)); }
  // Coordinates of the rotated row that are zero in every legal arithmetic.
  std::vector<std::size_t> exact_zeros(const float* x, const float* y) const;
  // z in units of the codebook, and the codeword's index, of every coordinate.
  std::vector<std::pair<double, int>> coordinates(const float* x, const float* y, const ProfileRow& row) const;
  bool has_row_data() const;
  // The encoding of x in real arithmetic, ties by the rule (or up); stored numbers rounded to nearest in their formats.
  ProfileRow encode(const float* x, std::uint64_t number) const;

  // Stochastic rounding over all random bits, its data given: E x̂ (n numbers) and E‖x̂ − E x̂‖², the rotation's way back taken as orthogonal.
  std::pair<std::vector<Ball>, Ball> expected_stochastic(const float* x) const;

  // For hypotheses on what a kernel does instead: the parts that may be changed.
  ProfileRotation& rotation() { return rotation_; }
  const ProfileRotation& rotation() const { return rotation_; }
  std::vector<Ball>& codewords() { return codewords_; }
  std::vector<Ball>& thresholds() { return thresholds_; }
  Profile& profile() { return profile_; }
  bool forward_for_transposed = false, skip_rotation_back = false, ignore_factor = false, ignore_residual = false, ignore_offset = false,
       ignore_residual_norm = false, ignore_factors_in_encode = false;
  bool ignore_over();  // false: there is none
  Ball decode_scale = Ball(1), stored_scale = Ball(1), quantize_scale = Ball(1);
  Ball& residual_factor() { return residual_factor_; }

 private:
  struct Groups {
    std::vector<Bounded> scale, offset;  // by group, of the row
    std::vector<bool> either;            // a signed maximum that may legally have either sign
  };
  Groups scales(const float* x, const Approximate& y) const;
  Bounded stored_number(const ProfileRow& row, Stored which, std::size_t index) const;
  bool has_stored(Stored which) const;
  std::vector<Bounded> decoding_factors(const ProfileRow& row) const;
  Approximate decoded_rotated(const ProfileRow& row, std::uint64_t number) const;  // ŷ without the residual
  Approximate residual_part(const ProfileRow& row) const;
  void encode_residual(const float* x, std::uint64_t number, ProfileRow& row, const std::function<void(float)>& store_norm) const;
  Approximate back(const Approximate& y) const;
  Approximate rotated_for_codes(const float* x) const;
  Approximate own_for_codes(const float* x, const float* y) const;
  void judge_scales(const Groups& exact, const ProfileRow& row, StageVerdict& verdict) const;
  void judge_codes(const Groups& groups, const Approximate& y, const ProfileRow& row, std::uint64_t number, StageVerdict& verdict) const;
  void judge_factors(const float* x, const Approximate& y, const ProfileRow& row, StageVerdict& verdict) const;
  void judge_residual(const float* x, const ProfileRow& row, std::uint64_t number, StageVerdict& verdict) const;
  void judge_others(const float* x, const ProfileRow& row, StageVerdict& verdict) const;
  Bounded factor_of(const float* x, const Approximate& y, const std::vector<int>& indices, std::size_t group) const;
  void compare(StageVerdict& verdict, ProfileStage stage, std::size_t index, double got, const Bounded& expected, const NumberFormat& format,
               const std::string& what) const;
  bool may_overflow(const float* v, std::size_t count) const;
  std::vector<double> numbers(const std::string& name, std::uint64_t row) const;
  bool legal(const Bounded& z, int index, double random) const;
  int exact_index(const Ball& z, double random) const;
  Bounded coordinate(const Groups& groups, const Approximate& y, const ProfileRow& row, std::size_t i) const;  // z

  Profile profile_;
  std::size_t dimension_;
  int bits_;
  DataSource data_;
  Names names_;
  ProfileRotation rotation_;
  std::vector<Ball> codewords_, thresholds_;
  Ball unit_;
  Bounded over_{Ball(1), 0};
  std::vector<Ball> residual_matrix_;
  Ball residual_factor_;
};

}  // namespace hdq::reference
