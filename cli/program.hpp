// The program hdq: all its subcommands, and what becomes of errors. Each subcommand is in the file of its name.
#pragma once

namespace CLI {
class App;
}

namespace hdq::cli {

void make_program(CLI::App& app);

// Parses, runs the subcommand, and says on standard error, in one line, what is wrong. The exit status: 0 all well, 1 a mismatch was
// found, 2 wrong usage, 3 bad input.
int run_program(CLI::App& app, int argc, const char* const* argv);

// Both.
int run_program(int argc, const char* const* argv);

}  // namespace hdq::cli
