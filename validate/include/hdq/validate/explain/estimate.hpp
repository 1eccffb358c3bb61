// What an audit measured, for people to read: estimates with their standard errors, and how small a bias would have been seen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

// A mean and its standard error.
struct Measured {
  double value = 0, error = 0;
};

// One vector under one configuration, over fresh seeds. All numbers are relative to ‖x‖ and so without unit.
struct Estimate {
  std::string vector;            // "one-hot", "row 3 of FILE"
  Config config;
  std::string route;             // "encode, decode", "reconstruct", "encode, dot"
  std::uint64_t seeds = 0;       // observations
  std::optional<Measured> self;  // E⟨x, x̂⟩/‖x‖², 1 for an unbiased kernel; missing where only dot is offered
  std::optional<Measured> error; // E‖x̂ − x‖²/‖x‖²
  std::optional<Measured> dot;   // E dot(q)/‖x‖ − ⟨q, x⟩/‖x‖, 0 for an unbiased kernel
  double bound = 0;              // of error: the claim, or the mean of its exact values
  double smallest_bias = 0;      // of ⟨x, x̂⟩/‖x‖² (or of dot) that would have been reported, about; infinite: none
};

}  // namespace hdq::validate
