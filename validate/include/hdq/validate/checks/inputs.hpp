// Inputs that break kernels: structured, extreme and near-threshold vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "hdq/validate/checks/session.hpp"

namespace hdq::validate {

enum class Family {
  normal,         // independent standard normal
  one_hot,
  last_hot,       // the last coordinate alone: tails
  two_hot,        // two equal coordinates
  k_hot,          // about √n equal coordinates with random signs
  constant,
  alternating,
  hadamard_row,   // ε∘(a row of H) cut to n: everything in one rotated coordinate when n = d
  heavy_tailed,   // Cauchy, clipped at 1e4
  one_dominates,  // one large coordinate in small noise
  spread,         // magnitudes from 2^-20 to 2^20
  ramp,
};
inline constexpr Family all_families[] = {Family::normal,      Family::one_hot,      Family::last_hot,     Family::two_hot,
                                          Family::k_hot,       Family::constant,     Family::alternating,  Family::hadamard_row,
                                          Family::heavy_tailed, Family::one_dominates, Family::spread,     Family::ramp};
const char* family_name(Family family);

void append_vector(Family family, const Config& config, std::mt19937_64& random, std::vector<float>& out);
// One row of each family.
Case structured_case(const Config& config, std::mt19937_64& random);
// Rows whose rotated coordinate 0 is at a threshold, and the neighbouring floats on both sides. d >= 2.
Case threshold_case(const Config& config, std::uint64_t first_row, std::size_t rows, std::mt19937_64& random);

// Every supported order m·2^k up to `largest`, ascending.
std::vector<std::uint64_t> hadamard_orders(std::uint64_t largest);

}  // namespace hdq::validate
