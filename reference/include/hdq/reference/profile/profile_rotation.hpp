// The rotation of a profile at a dimension, with its data: a list of linear steps on one block, forward and transposed, in real
// arithmetic with a bound for every legal order of additions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hdq/reference/profile/approximate.hpp"
#include "hdq/reference/profile/profile.hpp"

namespace hdq::reference {

// Numbers of a profile's data by name: given by the profile, or exported by a kernel. May throw what it likes.
using DataSource = std::function<std::vector<double>(const std::string& name, std::size_t count, std::uint64_t row)>;

// A part of a block: B ⊗ H, B of order base, H Sylvester's of order 2^log2.
struct HadamardPart {
  std::size_t begin = 0, base = 1;
  int log2 = 0;
  std::shared_ptr<const std::vector<Ball>> matrix;  // B, row after row; null for base 1
  bool signs_only = true;                           // all entries are ±1
  bool inner = false;                               // H ⊗ B
  Ball scale = Ball(1);
  std::size_t length() const { return base << log2; }
};

struct LinearStep {
  ProfileStep::Kind kind = ProfileStep::Kind::scale;
  std::vector<std::int8_t> signs;
  std::vector<std::uint32_t> permutation;
  std::vector<HadamardPart> parts;
  std::vector<Ball> matrix;
  Ball scale = Ball(1);
};

class ProfileRotation {
 public:
  // Throws BadProfile where a step does not fit the block length or data are not what they must be; `where` names the field.
  ProfileRotation(const Profile& profile, std::size_t dimension, int bits, const DataSource& data);

  std::size_t length() const { return length_; }  // of a block
  std::size_t dimension() const { return dimension_; }
  std::size_t padded() const { return padded_; }
  std::vector<LinearStep>& steps() { return steps_; }
  const std::vector<LinearStep>& steps() const { return steps_; }
  void set_arithmetic(const NumberFormat& format, const NumberFormat& held) { format_ = format, held_ = held; }

  // n values → N d: padded, block after block.
  Approximate forward(const Approximate& x) const;
  Approximate forward(const float* x) const { return forward(Approximate::exactly(x, dimension_)); }
  Approximate forward_padded(const Approximate& y) const;  // N d values, with what lies in the padding
  // N d values → n.
  Approximate transposed(const Approximate& y) const;
  // … and with what lies in the padding.
  Approximate transposed_padded(const Approximate& y) const;

 private:
  void apply(const LinearStep& step, Approximate& block, bool transposed) const;
  void run(Approximate& all, bool transposed) const;

  std::size_t dimension_, padded_, length_;
  NumberFormat format_, held_;
  bool butterfly_;
  std::vector<LinearStep> steps_;
};

// What data must satisfy: one line that says what is wrong, or nothing.
std::string data_violation(const ProfileData& data, const std::vector<double>& values, int bits);

}  // namespace hdq::reference
