// Naming one of a file's arrays or tensors.
#pragma once

#include <string>
#include <vector>

#include "hdq/io/bad_input.hpp"
#include "hdq/io/text.hpp"

namespace hdq::io::detail {

// 0 if nothing was asked for and there is one member; otherwise BadInput, which lists what there is: "no array "b" among a, c".
inline std::size_t only_member(const std::string& wanted, const std::string& what, const std::vector<std::string>& names) {
  if (wanted.empty() && names.size() == 1) return 0;
  if (names.empty()) throw BadInput("holds no " + what);
  constexpr std::size_t shown = 5;
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < shown; ++i) list += (i == 0 ? "" : ", ") + excerpt(names[i]);
  if (names.size() > shown) list += ", … (" + std::to_string(names.size()) + " in all)";
  if (wanted.empty()) throw BadInput("name one " + what + ", as FILE:NAME, of " + list);
  throw BadInput("no " + what + " " + excerpt(wanted) + " among " + list);
}

}  // namespace hdq::io::detail
