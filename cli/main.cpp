// hdq, the command line.
#include "program.hpp"

int main(int argc, char** argv) { return hdq::cli::run_program(argc, argv); }
