// The selectors that hdq mse and hdq bias share: which quantizer, which vector, which rotation, how many digits.
#pragma once

#include <map>
#include <string>

#include "hdq/figures/query.hpp"
#include "options.hpp"

namespace hdq::cli {

const std::map<std::string, reference::Scheme>& scheme_words();  // of --scheme

struct ExpectationArguments : figures::Query {
  int digits = 15;
  bool json = false;

  void add_to(Command command);
};

}  // namespace hdq::cli
