// hdq-bench: the machine's bandwidths, every figure of the library with its target, and peers, in one run.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "machine.hpp"
#include "peers.hpp"
#include "report_json.hpp"
#include "reporter.hpp"
#include "roofline.hpp"

namespace hdq::bench {
namespace {

struct Arguments {
  Settings settings;
  std::string json, plot, isa = "auto";
  bool list = false;
};

void parse(CLI::App& app, Arguments& arguments) {
  app.add_flag("--quick", arguments.settings.quick, "3 repetitions over 128 MB: under a minute, for a first look");
  app.add_option("--filter", arguments.settings.filter, "measure the figures whose names match this regular expression");
  app.add_option("--json", arguments.json, "write all numbers to this file");
  app.add_option("--plot", arguments.plot, "write a roofline plot to this SVG file");
  app.add_option("--isa", arguments.isa, "instruction set")->check([](const std::string& name) {
    return isa_named(name) ? "" : "no instruction set " + name;
  });
  app.add_flag("--cpu-time", arguments.settings.cpu_time,
               "count the thread's CPU time instead of the clock's: less disturbed by other processes, but still by their memory traffic");
  app.add_flag("--list", arguments.list, "print the names of the figures");
}

void complete(Arguments& arguments) {
  Settings& settings = arguments.settings;
  settings.isa = resolve_isa(isa_named(arguments.isa).value());
  if (settings.quick) {
    settings.repetitions = 3;
    settings.hot_seconds = 0.01;
    settings.stream_bytes = std::size_t{128} << 20;
  }
  if (!arguments.plot.empty()) settings.filter = "^machine/|" + settings.filter;  // its ceilings
}

void add_all(const Settings& settings) {
  add_machine(settings);
  add_transform(settings);
  add_encode(settings);
  add_decode(settings);
  add_score(settings);
  add_entropy(settings);
  add_threads(settings);
  add_memory(settings);
  add_attention(settings);
  add_ffht(settings);
  add_rabitq(settings);
  add_faiss(settings);
}

std::string bytes_text(std::size_t bytes) {
  return bytes >= (1u << 20) ? fmt::format("{} MiB", bytes >> 20) : fmt::format("{} KiB", bytes >> 10);
}

void print_machine(const Machine& machine, const Settings& settings) {
  fmt::print("{}, {} cores usable, single-thread figures on core {}; {}\n", machine.cpu, machine.cpus, Pinned::cpu(), machine.compiler);
  fmt::print("instruction sets: {}; measured: {}\ncaches:", fmt::join(machine.instruction_sets, ", "), isa_name(settings.isa));
  for (const Cache& cache : machine.caches) fmt::print(" L{} {} {};", cache.level, cache.type, bytes_text(cache.bytes));
  fmt::print(" streaming arrays {}\n", bytes_text(settings.stream_bytes));
  if (machine.last_level_cache * 4 > settings.stream_bytes)
    fmt::print("warning: the streaming arrays are less than four times the last-level cache\n");
  const auto or_none = [](const std::string& peer, const char* none) {
    return peer.empty() ? std::string(none) : peer;
  };
  fmt::print("peers: {}; {}; {}; {}; {}\n", or_none(ffht_description(), "no FFHT"),
             or_none(faiss_description(), "no faiss"), or_none(rabitq_description(), "no RaBitQ-Library"),
             or_none(zfp_description(), "no zfp"), or_none(openblas_description(), "no OpenBLAS"));
}

int run(const Arguments& arguments) {
  const Machine machine = describe_machine();
  if (!arguments.list) print_machine(machine, arguments.settings);
  add_all(arguments.settings);
  if (arguments.list) {
    for (const std::string& name : figure_names()) fmt::print("{}\n", name);
    return 0;
  }
  const Pinned pinned;
  count_cpu_time(arguments.settings.cpu_time);
  TableReporter reporter;
  if (benchmark::RunSpecifiedBenchmarks(&reporter, ".") == 0) throw std::runtime_error("no figure matches " + arguments.settings.filter);
  if (!reporter.failure().empty()) throw std::runtime_error(reporter.failure());
  if (!arguments.json.empty()) write_json(arguments.json, arguments.settings, machine, reporter.results());
  if (!arguments.plot.empty()) write_roofline(arguments.plot, arguments.settings, reporter.results());
  return 0;
}

}  // namespace
}  // namespace hdq::bench

int main(int argc, char** argv) {
  CLI::App app{"Measures this machine's bandwidths and every performance figure of hdq beside its target."};
  hdq::bench::Arguments arguments;
  hdq::bench::parse(app, arguments);
  CLI11_PARSE(app, argc, argv);
  try {
    hdq::bench::complete(arguments);
    return hdq::bench::run(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "hdq-bench: {}\n", error.what());
    return 1;
  }
}
