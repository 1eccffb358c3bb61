#include "codebook_argument.hpp"

namespace hdq::cli {

void add_scale_rule(Command command, reference::ScaleRule& rule, const std::string& what) {
  using reference::ScaleRule;
  const auto words = by_name(reference::scale_rule_name,
                             {ScaleRule::norm, ScaleRule::matched_norm, ScaleRule::unbiased, ScaleRule::least_squares});
  command.choice("--rule", rule, words, what + ": norm, matched-norm, unbiased, least-squares");
}

void add_codebook_options(Command command, std::string& name, std::string& unit, const Option& other) {
  command.text("--codebook", name, "A codebook instead of a scheme: a file as hdq codebook takes it").excludes(other);
  command.text("--unit", unit, "The codebook's unit on coordinates of unit vectors: 1/sqrt(d), 1, or a number");
}

}  // namespace hdq::cli
