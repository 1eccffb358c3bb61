#include "program.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>

#include "command.hpp"
#include "files.hpp"
#include "hdq/file.hpp"
#include "hdq/hdq.h"
#include "hdq/io/text.hpp"

namespace hdq::cli {
namespace {

// One line, whatever a name or a number holds.
int fail(int code, const std::string& what) {
  std::fprintf(stderr, "hdq: %s\n", io::printable(with_standard_input_named(what)).c_str());
  return code;
}

// What standard output did not take is lost: the disk is full, or nobody reads.
int flushed(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  return fail(exit_bad_input, "standard output: cannot write it");
}

}  // namespace

void make_program(CLI::App& app) {
  app.description("Hadamard-dithered quantization: unbiased b-bit codes for vectors, checked against arbitrary precision");
  app.name("hdq");
  app.set_version_flag("--version", std::string("hdq ") + hdq_version());
  app.require_subcommand(1);
  app.footer("Exit status: 0 all well, 1 a mismatch, 2 wrong usage, 3 bad input.\nhdq COMMAND --help shows an example.");
  for (const auto add : {add_encode,
                         add_decode,
                         add_info,
                         add_show,
                         add_scalar,
                         add_codebook,
                         add_mse,
                         add_bias,
                         add_check,
                         add_constants,
                         add_recall,
                         add_search,
                         add_mean,
                         add_mean_error,
                         add_bounds,
                         add_rate,
                         add_verify_certificate,
                         add_adversary,
                         add_report,
                         add_validate,
                         add_vectors,
                         add_profile_command})
    add(app);
}

int run_program(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return flushed(command_result());
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return fail(exit_usage, io::shortened(io::printable(error.what()), 300));
  } catch (const UsageError& error) {
    return fail(exit_usage, error.what());
  } catch (const InvalidArgument& error) {
    return fail(exit_usage, error.what());
  } catch (const std::bad_alloc&) {
    return fail(exit_bad_input, "out of memory");
  } catch (const std::exception& error) {  // BadInput, FileError
    return fail(exit_bad_input, error.what());
  }
}

int run_program(int argc, const char* const* argv) {
  CLI::App app;
  make_program(app);
  return run_program(app, argc, argv);
}

}  // namespace hdq::cli
