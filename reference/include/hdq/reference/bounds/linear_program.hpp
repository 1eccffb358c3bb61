// A linear program in double precision, solved by Clp's simplex method: minimize c·x subject to A x >= b, x_j >= l_j.
// Its answer is only a proposal; what is proved from it does not depend on how it was found.
#pragma once

#include <cstddef>
#include <vector>

namespace hdq::reference {

struct LinearProgram {
  std::vector<double> cost;              // c
  std::vector<double> lower;             // l; −infinity for a free variable
  std::vector<std::vector<double>> rows; // A
  std::vector<double> right;             // b
};

// A basic optimal solution; throws std::runtime_error if the solver finds none.
std::vector<double> solve(const LinearProgram& program);

}  // namespace hdq::reference
