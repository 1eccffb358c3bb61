// hdq, the command line.
#include "program.hpp"

int main(int argc, char** argv) {
  CLI::App app;
  hdq::cli::make_program(app);
  return hdq::cli::run_program(app, argc, argv);
}
