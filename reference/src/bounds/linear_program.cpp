#include "hdq/reference/bounds/linear_program.hpp"

#include <coin/Clp_C_Interface.h>

#include <limits>
#include <memory>
#include <stdexcept>

namespace hdq::reference {

std::vector<double> solve(const LinearProgram& program) {
  const std::size_t columns = program.cost.size(), rows = program.rows.size();
  std::vector<CoinBigIndex> start;
  std::vector<int> index;
  std::vector<double> value;
  for (std::size_t j = 0; j < columns; ++j) {
    start.push_back(static_cast<CoinBigIndex>(value.size()));
    for (std::size_t i = 0; i < rows; ++i) {
      index.push_back(static_cast<int>(i));
      value.push_back(program.rows[i][j]);
    }
  }
  start.push_back(static_cast<CoinBigIndex>(value.size()));
  const std::vector<double> upper(columns, std::numeric_limits<double>::infinity());
  const std::vector<double> row_upper(rows, std::numeric_limits<double>::infinity());

  const std::unique_ptr<Clp_Simplex, void (*)(Clp_Simplex*)> model(Clp_newModel(), Clp_deleteModel);
  Clp_setLogLevel(model.get(), 0);
  Clp_loadProblem(model.get(), static_cast<int>(columns), static_cast<int>(rows), start.data(), index.data(), value.data(),
                  program.lower.data(), upper.data(), program.cost.data(), program.right.data(), row_upper.data());
  Clp_setPrimalTolerance(model.get(), 1e-9);
  Clp_setDualTolerance(model.get(), 1e-10);
  Clp_scaling(model.get(), 2);  // geometric
  Clp_dual(model.get(), 0);
  if (Clp_status(model.get()) != 0) Clp_primal(model.get(), 0);
  if (Clp_status(model.get()) != 0) throw std::runtime_error("the linear program has no optimal solution");
  const double* x = Clp_primalColumnSolution(model.get());
  return std::vector<double>(x, x + columns);
}

}  // namespace hdq::reference
