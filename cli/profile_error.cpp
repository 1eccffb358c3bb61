#include "profile_error.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <utility>

#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "hdq/figures/expectation.hpp"
#include "hdq/figures/in_parallel.hpp"
#include "hdq/figures/profile_error.hpp"
#include "hdq/io/vector_writer.hpp"
#include "hdq/reference/profile/profile_expectation.hpp"
#include "profile_argument.hpp"

namespace hdq::cli {

using namespace hdq::reference;
using figures::Notation;
using nlohmann::ordered_json;

void ProfileArguments::add_to(Command command) {
  add_profile(command, profile);
  add_data_seed(command, data_seed);
}

void add_data_seed(Command command, std::uint64_t& data_seed) {
  command.integer("--data-seed", data_seed, 0, UINT64_MAX, "--profile: seed of the signs, permutations and matrices that the profile leaves to the kernel").show_default();
}

namespace {

// JSON, or its header with these lines.
int print(const ordered_json& result, const std::string& vector,
          const std::vector<std::pair<std::string, std::string>>& lines, bool json) {
  if (json) {
    print_json(result);
    return exit_ok;
  }
  fmt::print("{} at b = {}, {} in dimension {}\n", result["profile"].get<std::string>(), result["bits"].dump(), vector,
             result["dimension"].dump());
  for (const auto& [label, key] : lines) {
    fmt::print("{:<{}} {}\n", label, result.contains("norm") ? 28 : 26,
               result[key].is_string() ? result[key].get<std::string>() : enclosure_text(result[key]));
  }
  return exit_ok;
}

}  // namespace

int print_profile_mse(const figures::Query& query, int digits, bool json) {
  const ordered_json result = figures::mse(query, Notation::decimals(digits));
  return print(result, query.vector_name(),
               {{"E|x^ - x|^2/|x|^2", "mse"}, {"times 4^b", "times_4b"}, {"method", "method"}}, json);
}

int print_profile_bias(const figures::Query& query, int digits, bool json) {
  const ordered_json result = figures::bias(query, Notation::decimals(digits));
  return print(result, query.vector_name(),
               {{"|E x^ - x|/|x|", "norm"}, {"E<x, x^>/|x|^2", "correlation"}, {"method", "method"}}, json);
}

int print_profile_adversary(const ProfileArguments& arguments, int bits, std::size_t dimension, const std::string& output, bool json) {
  std::vector<float> x;
  const ordered_json result =
      figures::profile_adversary({arguments.profile, arguments.data_seed, bits}, dimension, Notation::decimals(10), x);
  print(
      result, result["family"].get<std::string>(),
      {{"worst E|x^ - x|^2/|x|^2", "mse"}, {"times 4^b", "times_4b"}, {"|E x^ - x|/|x|", "bias"}, {"method", "method"}},
      json);
  std::fflush(stdout);  // what was found is said, whatever becomes of the file
  if (!output.empty()) {
    io::VectorWriter out(output, 1, dimension);
    out.append(x.data(), 1);
    out.commit();
  }
  return exit_ok;
}

int print_profile_bounds(const ProfileArguments& arguments, std::size_t dimension, bool json) {
  const ordered_json result = figures::profile_bounds({arguments.profile, arguments.data_seed}, dimension,
                                                      Notation::decimals(json ? 10 : 8), progress_bar("bounds"));
  if (json) {
    print_json(result);
    return exit_ok;
  }
  fmt::print("{}, dimension {}\n{:>2}  {:<28} {:<14} {:<14} {}\n", result["profile"].get<std::string>(), dimension, "b",
             "worst error found", "given signs", "over signs", "on");
  const auto text = [](const ordered_json& bound) {
    return bound.is_null() ? "not certified" : bound.get<std::string>();
  };
  for (const ordered_json& row : result["bounds"]) {
    fmt::print("{:>2}  {:<28} {:<14} {:<14} {}; {}\n", row["bits"].get<int>(), enclosure_text(row["found"]),
               text(row["upper"]), text(row["upper_over_signs"]), row["family"].get<std::string>(),
               row["method"].get<std::string>());
  }
  fmt::print(
      "given signs: at most so much for every vector and every rotation of it, also for one that knows the "
      "rotation\n"
      "over signs: the mean over the signs is at most so much for every vector and every dimension "
      "(docs/profiles.md)\n");
  return exit_ok;
}

// ---- the report's table ----

namespace {

// n at which a profile is shown: 8, where all sign patterns are summed, else the smallest from 32 on that it offers.
std::optional<std::size_t> shown_dimension(const Profile& p, int bits) {
  std::size_t seeded = 0;
  for (const auto& [name, data] : p.data) seeded += data.seeded || data.per_row;
  if (seeded == 1 && p.offers(8, bits)) return 8;
  for (std::size_t n = 32; n <= 512; ++n) {
    if (p.offers(n, bits)) return n;
  }
  return std::nullopt;
}

// Normal deviates in shape: a fixed vector.
std::vector<float> bell_shaped(std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double t = static_cast<double>(i);
    x[i] = static_cast<float>(std::cos(1.7 * (t * t + 1)) * std::sqrt(-2 * std::log((t + 0.5) / static_cast<double>(n))));
  }
  return x;
}

}  // namespace

std::vector<ProfileRow> profile_rows() {
  struct Job {
    Profile profile;
    std::size_t row, n;
    int bits;
  };
  std::vector<ProfileRow> rows;
  std::vector<Job> jobs;
  for (const ShippedProfile& shipped : shipped_profiles()) {
    const Profile p = parse_profile(shipped.json);
    if (!p.codebook || p.rounding.kind == ProfileRounding::Kind::free) continue;
    const auto n = shown_dimension(p, p.bits.front());
    if (!n) continue;
    rows.push_back({p.name, *n, *n == 8, {}, {}, {}});
    for (const int b : p.bits) {
      if (p.offers(*n, b)) jobs.push_back({p, rows.size() - 1, *n, b});
    }
  }
  figures::in_parallel(jobs.size(), 0, [&](std::size_t i) {
    const Job& job = jobs[i];
    ProfileRow& row = rows[job.row];
    const auto b = static_cast<std::size_t>(job.bits);
    try {
      row.gaussian[b] = profile_error(job.profile, job.bits, bell_shaped(job.n), 1).mse.upper_double();
      const ProfileError worst = profile_adversary(job.profile, job.n, job.bits, 1).error;
      row.worst[b] = worst.mse.upper_double();
      row.bias[b] = worst.bias.upper_double();
    } catch (const BadProfile&) {  // what decides it is the kernel's: no figure
    }
  });
  return rows;
}

}  // namespace hdq::cli
