// hdq-mpi validate: each rank judges the kernel on inputs of its own seed; the verdict is the worst of all (docs/validate.md).
#include "validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "files.hpp"

namespace hdq::mpi {
namespace {

using cli::UsageError, cli::ValidateArguments;

// A rank's verdict, in words.
struct Told {
  int rank = 0, exit_code = 0;
  std::uint64_t seed = 0;
  std::string judgement, report;
};

void put_text(Bytes& bytes, const std::string& text) { put(bytes, std::span<const char>(text)); }
std::string get_text(Parcel& parcel) {
  const std::vector<char> text = parcel.get_all<char>();
  return {text.begin(), text.end()};
}

Bytes bytes_of(const std::vector<Told>& all) {
  Bytes bytes;
  for (const Told& told : all) {
    put(bytes, told.rank);
    put(bytes, told.exit_code);
    put(bytes, told.seed);
    put_text(bytes, told.judgement);
    put_text(bytes, told.report);
  }
  return bytes;
}
void append_told(std::vector<Told>& all, const Bytes& bytes) {
  for (Parcel parcel(bytes); !parcel.empty();) {
    Told told;
    told.rank = parcel.get<int>();
    told.exit_code = parcel.get<int>();
    told.seed = parcel.get<std::uint64_t>();
    told.judgement = get_text(parcel);
    told.report = get_text(parcel);
    all.push_back(std::move(told));
  }
}

// valid, not judged, invalid, invalid and crashed or hung.
int badness(const Told& told) {
  constexpr std::array order = {0, 4, 1, 3};
  return static_cast<int>(std::ranges::find(order, told.exit_code) - order.begin());
}

// Those of a job that are on this machine.
std::uint64_t ranks_here(const Job& job) {
  MPI_Comm here = MPI_COMM_NULL;
  check(MPI_Comm_split_type(job.comm(), MPI_COMM_TYPE_SHARED, job.rank(), MPI_INFO_NULL, &here), "MPI_Comm_split_type");
  const int ranks = size_of(here);
  check(MPI_Comm_free(&here), "MPI_Comm_free");
  return static_cast<std::uint64_t>(ranks);
}

Told judge_with_own_seed(const Job& job, ValidateArguments arguments, std::uint64_t here) {
  if (!arguments.input.empty() || !arguments.junit.empty()) throw UsageError("--input, --junit: of one run, hdq validate");
  if (arguments.options.seed > UINT64_MAX - static_cast<std::uint64_t>(job.ranks())) throw UsageError("--random-seed: seeds beyond 64 bits");
  arguments.options.seed += static_cast<std::uint64_t>(job.rank());
  arguments.options.runs = static_cast<std::uint64_t>(job.ranks());
  arguments.options.output_directory.clear();  // the seed shows a finding again
  arguments.runs_here = here;
  if (arguments.processes == 0) arguments.processes = 1;
  const validate::Verdict verdict = cli::judge(arguments);
  return {job.rank(), verdict.exit_code(), arguments.options.seed, validate::judgement_name(verdict.judgement()),
          arguments.json ? validate::json_report(verdict) : validate::text_report(verdict)};
}

void print(const std::vector<Told>& all, const Told& worst, bool json) {
  if (json) {
    nlohmann::ordered_json ranks = nlohmann::json::array();
    for (const Told& told : all)
      ranks.push_back({{"rank", told.rank}, {"random_seed", told.seed}, {"verdict", told.judgement}, {"report", nlohmann::ordered_json::parse(told.report)}});
    cli::print_json({{"verdict", worst.judgement}, {"rank", worst.rank}, {"ranks", ranks}});
    return;
  }
  for (const Told& told : all) fmt::print("rank {}, --random-seed {}: {}\n", told.rank, told.seed, told.judgement);
  fmt::print("\nthe report of rank {}, --random-seed {}:\n{}", worst.rank, worst.seed, worst.report);
}

int validate_kernel(const Job& job, const ValidateArguments& arguments) {
  if (arguments.list) {
    for (const std::string& name : validate::check_names())
      if (job.is_root()) fmt::print("{}\n", name);
    return cli::exit_ok;
  }
  const std::uint64_t here = ranks_here(job);
  std::vector<Told> all(1, job.together([&] { return judge_with_own_seed(job, arguments, here); }));
  job.to_root([&] { return bytes_of(all); }, [&](int, const Bytes& bytes) { append_told(all, bytes); });
  Bytes code;
  if (job.is_root()) {
    std::ranges::sort(all, {}, &Told::rank);
    const Told& worst = *std::ranges::max_element(all, {}, badness);
    print(all, worst, arguments.json);
    put(code, worst.exit_code);
  }
  job.broadcast(code);
  return Parcel(code).get<int>();
}

}  // namespace

void add_validate(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<ValidateArguments>();
  cli::Command command = add_job_command(
      app, chosen, "validate",
      "Judge a quantization kernel, on each rank with inputs of another seed: the verdict is the worst of all",
      "mpirun -n 8 hdq-mpi validate ./my_kernel.so", arguments, validate_kernel);
  arguments->add_to(command);
}

}  // namespace hdq::mpi
