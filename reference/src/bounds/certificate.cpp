#include "hdq/reference/bounds/certificate.hpp"

#include <nlohmann/json.hpp>

namespace hdq::reference {
namespace {

nlohmann::ordered_json terms_to_json(const std::vector<Majorant::Term>& terms, const char* parameter) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Majorant::Term& t : terms) list.push_back({{parameter, t.parameter.str()}, {"coefficient", t.coefficient.str()}});
  return list;
}

}  // namespace

std::string to_json(const BoundCertificate& c) {
  const nlohmann::ordered_json json = {
      {"format", "hdq-bound-certificate"},
      {"version", 1},
      {"claim", "lower <= sup over all d and all unit x of N^2 E|x' - x|^2 <= upper"},
      {"theorems",
       {{"upper", "SPEC §5.5: M <= majorant on all of R; SPEC §5.4: expectations of its terms"},
        {"lower", "E M(Gaussian) is the limit of flat vectors (central limit theorem, Fatou's lemma)"}}},
      {"levels", c.levels},
      {"sigma_squared", c.sigma_squared.str()},
      {"kappa", c.kappa.str()},
      {"majorant",
       {{"constant", c.majorant.constant.str()},
        {"quadratic", c.majorant.quadratic.str()},
        {"quartic", c.majorant.quartic.str()},
        {"cosh", terms_to_json(c.majorant.cosh, "s")},
        {"exp_square", terms_to_json(c.majorant.exp_square, "lambda")}}},
      {"tail", c.tail.str()},
      {"lower", c.lower.str()},
      {"upper", c.upper.str()},
  };
  return json.dump(2) + "\n";
}

}  // namespace hdq::reference
