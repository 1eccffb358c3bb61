// What `hdq mean-error` and `hdq report` share.
#pragma once

#include <string>
#include <vector>

#include "hdq/figures/mean_error.hpp"

namespace hdq::cli {

inline const std::vector<std::size_t> mean_error_clients = {1, 10, 100, 1000};

// Of a mean over N equal rows: as many digits as the standard error leaves, three at most.
std::string mean_error_text(const reference::RowError& row, std::size_t clients);
// "0", "0.0137", or "< 6e-05" where three standard errors do not tell it from 0.
std::string mean_bias_text(const reference::RowError& row);

// The errors by number of clients, one panel for each vector but one-hot.
std::string mean_error_svg(const figures::MeanErrors& errors);

}  // namespace hdq::cli
