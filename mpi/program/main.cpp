// hdq-mpi: commands of hdq over the ranks of an MPI job, with the same bytes.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "command.hpp"
#include "commands.hpp"
#include "hdq/hdq.h"
#include "hdq/io/text.hpp"

namespace hdq::mpi {
namespace {

void say(const std::string& what) { std::fprintf(stderr, "hdq-mpi: %s\n", io::printable(what).c_str()); }

void make_program(CLI::App& app, Chosen& chosen) {
  app.description(
      "Commands of hdq over the ranks of an MPI job: the files that come out are those of hdq, byte for byte");
  app.name("hdq-mpi");
  app.set_version_flag("--version", std::string("hdq-mpi ") + hdq_version());
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 all well, 1 a mismatch, 2 wrong usage, 3 bad input.\nhdq-mpi COMMAND --help shows an example.");
  for (const auto add : {add_encode, add_search, add_mean, add_bounds, add_validate}) add(app, chosen);
}

// Ranks may be started with arguments of their own.
void require_one_command_line(const Job& job, int argc, char** argv) {
  Bytes words;
  for (int i = 1; i < argc; ++i) append(words, argv[i], std::string(argv[i]).size() + 1);
  Bytes of_root = words;
  job.broadcast(of_root);
  job.together([&] {
    if (words != of_root) throw cli::UsageError("its arguments are not those of rank 0");
  });
}

int run(const Job& job, int argc, char** argv) {
  require_one_command_line(job, argc, argv);
  CLI::App app;
  Chosen chosen;
  make_program(app, chosen);
  bool is_answered = false;
  job.together([&] {
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() != 0) throw cli::UsageError(io::shortened(io::printable(error.what()), 300));
      if (job.is_root()) app.exit(error);  // --help, --version
      is_answered = true;
    }
  });
  const int code = is_answered ? cli::exit_ok : chosen(job);
  job.together([&] {
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) throw cli::BadInput("standard output: cannot write it");
  });
  return code;
}

// An error that one rank alone knows of ends the job: the others wait for it somewhere.
int run_or_abort(int argc, char** argv) {
  const Job job(MPI_COMM_WORLD);
  try {
    return run(job, argc, argv);
  } catch (const JobError& error) {
    if (job.is_root()) say(error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    say("rank " + std::to_string(job.rank()) + ": " + error.what());
    MPI_Abort(MPI_COMM_WORLD, cli::exit_bad_input);
    return cli::exit_bad_input;
  }
}

}  // namespace
}  // namespace hdq::mpi

int main(int argc, char** argv) {
  // Threads are those of codecs; they do not call MPI.
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  const int code = hdq::mpi::run_or_abort(argc, argv);
  MPI_Finalize();
  return code;
}
