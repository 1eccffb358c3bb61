// The commands of hdq-mpi, each in the file of its name, and how they are run: the options are parsed on every rank, then all ranks do what was asked for.
#pragma once

#include <functional>

#include "job.hpp"

namespace CLI {
class App;
}

namespace hdq::mpi {

// What the parsed command line asks for, to be called on all ranks. It returns the exit status, the same on all.
using Chosen = std::function<int(const Job&)>;

void add_search(CLI::App& app, Chosen& chosen);
void add_mean(CLI::App& app, Chosen& chosen);
void add_encode(CLI::App& app, Chosen& chosen);
void add_bounds(CLI::App& app, Chosen& chosen);
void add_validate(CLI::App& app, Chosen& chosen);

}  // namespace hdq::mpi
