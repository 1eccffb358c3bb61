// What a scalar codebook does, enclosed, and what is wrong with it, in words (expectation/codebook_error.hpp, codebook_diagnosis.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hdq/figures/codebook_scheme.hpp"
#include "hdq/figures/notation.hpp"

namespace hdq::figures {

struct CodebookQuery {
  static constexpr std::uint64_t largest_dimension = std::uint64_t{1} << 24;

  // The codebook: a file, with a unit that overrides the file's, numbers, or that of a profile at these bits.
  std::string file, unit, profile;
  std::optional<reference::Codebook> numbers;
  int bits = 0;
  std::uint64_t dim = 0;  // also judges under the law of the sphere's coordinate; 0: not, but a profile's is 1024
  reference::ScaleRule rule = reference::ScaleRule::norm;
  std::string vectors;              // a file; also over these vectors, without rotation
  std::vector<float> rows;          // or their numbers, in dimension dim
  std::vector<std::string> claims;  // printed figures for its error, to be judged
};

// The codebook and its rule; io::BadInput, UsageError.
CodebookScheme codebook_of(const CodebookQuery& query);
// "wrong": whether a verdict is. The scheme is codebook_of the query.
Notation::Json codebook(const CodebookQuery& query, const CodebookScheme& scheme, const Notation& notation,
                        const Advance& advance = {});

}  // namespace hdq::figures
