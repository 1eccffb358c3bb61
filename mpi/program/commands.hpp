// The commands of hdq-mpi, each in the file of its name, and how they are run: the options are parsed on every rank, then all ranks do what was asked for.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "job.hpp"
#include "options.hpp"

namespace CLI {
class App;
}

namespace hdq::mpi {

// What the parsed command line asks for, to be called on all ranks. It returns the exit status, the same on all.
using Chosen = std::function<int(const Job&)>;

// Adds a command that does run(job, *arguments) on all ranks; its options are still to be added.
template <class Arguments>
cli::Command add_job_command(CLI::App& app, Chosen& chosen, const std::string& name, const std::string& description,
                             const std::string& example, const std::shared_ptr<Arguments>& arguments,
                             int (*run)(const Job&, const Arguments&)) {
  return cli::add_command(app, name, description, example, [arguments, run, &chosen] {
    chosen = [arguments, run](const Job& job) { return run(job, *arguments); };
    return 0;
  });
}

void add_search(CLI::App& app, Chosen& chosen);
void add_mean(CLI::App& app, Chosen& chosen);
void add_encode(CLI::App& app, Chosen& chosen);
void add_bounds(CLI::App& app, Chosen& chosen);
void add_validate(CLI::App& app, Chosen& chosen);

}  // namespace hdq::mpi
