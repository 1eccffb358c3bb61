// The numbers that C++ and Coq must share.
#pragma once

#include <string>

namespace hdq::figures {

// In the format of proofs/constants.txt: lines of a name and integers. std::logic_error where library and reference disagree.
std::string constants();

}  // namespace hdq::figures
