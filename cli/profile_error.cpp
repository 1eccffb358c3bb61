#include "profile_error.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <mutex>
#include <optional>

#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "hdq/io/text.hpp"
#include "hdq/io/vector_writer.hpp"
#include "hdq/reference/bounds/codebook_bound.hpp"
#include "hdq/reference/profile/profile_expectation.hpp"
#include "in_parallel.hpp"
#include "profile_argument.hpp"

namespace hdq::cli {

using namespace hdq::reference;
using nlohmann::ordered_json;

void ProfileArguments::add_to(Command command) {
  add_profile(command, profile);
  add_data_seed(command, data_seed);
}

void add_data_seed(Command command, std::uint64_t& data_seed) {
  command.integer("--data-seed", data_seed, 0, UINT64_MAX, "--profile: seed of the signs, permutations and matrices that the profile leaves to the kernel").show_default();
}

namespace {

std::vector<float> floats(const std::vector<double>& x) {
  std::vector<float> values;
  for (const double v : x) values.push_back(static_cast<float>(v));
  return values;
}

// BadInput that names the profile.
template <class F>
auto named(const ProfileArguments& arguments, F f) {
  try {
    return f();
  } catch (const BadProfile& bad) {
    throw BadInput(io::printable(arguments.profile) + ": " + io::printable(bad.what()));
  } catch (const std::invalid_argument& bad) {
    throw BadInput(io::printable(arguments.profile) + ": " + io::printable(bad.what()));
  }
}

int bits_of(const Profile& profile, int bits) {
  if (bits != 0) return bits;
  if (profile.bits.size() != 1) throw UsageError("--bits is required: the profile has several bit widths");
  return profile.bits.front();
}

ordered_json header(const Profile& profile, int bits, const std::string& vector, std::size_t n) {
  ordered_json result = {{"profile", io::printable(profile.name)}, {"bits", bits}};
  if (!vector.empty()) result["vector"] = vector;
  result["dimension"] = n;
  return result;
}

void print_header(const Profile& profile, int bits, const std::string& vector, std::size_t n) {
  fmt::print("{} at b = {}, {} in dimension {}\n", io::printable(profile.name), bits, vector, n);
}

constexpr const char* mse_label = "E|x^ - x|^2/|x|^2";

}  // namespace

int print_profile_mse(const ProfileArguments& arguments, int bits, const std::vector<double>& x, const std::string& vector_name, int digits, bool json) {
  return named(arguments, [&] {
    const Profile profile = read_profile(arguments.profile);
    const int b = bits_of(profile, bits);
    const ProfileError error = profile_error(profile, b, floats(x), arguments.data_seed);
    ordered_json result = header(profile, b, vector_name, x.size());
    result["mse"] = enclosure_json(error.mse, digits);
    result["times_4b"] = enclosure_json(ldexp(error.mse, 2 * b), digits);
    result["method"] = error.method;
    if (json) {
      print_json(result);
      return static_cast<int>(exit_ok);
    }
    print_header(profile, b, vector_name, x.size());
    fmt::print("{:<26} {}\n{:<26} {}\n{:<26} {}\n", mse_label, enclosure_text(result["mse"]), "times 4^b", enclosure_text(result["times_4b"]), "method", error.method);
    return static_cast<int>(exit_ok);
  });
}

int print_profile_bias(const ProfileArguments& arguments, int bits, const std::vector<double>& x, const std::string& vector_name, int digits, bool json) {
  return named(arguments, [&] {
    const Profile profile = read_profile(arguments.profile);
    const int b = bits_of(profile, bits);
    const ProfileError error = profile_error(profile, b, floats(x), arguments.data_seed);
    ordered_json result = header(profile, b, vector_name, x.size());
    result["norm"] = enclosure_json(error.bias, digits);
    result["correlation"] = enclosure_json(error.correlation, digits);
    result["method"] = error.method;
    if (json) {
      print_json(result);
      return static_cast<int>(exit_ok);
    }
    print_header(profile, b, vector_name, x.size());
    fmt::print("{:<28} {}\n{:<28} {}\n{:<28} {}\n", "|E x^ - x|/|x|", enclosure_text(result["norm"]), "E<x, x^>/|x|^2", enclosure_text(result["correlation"]), "method", error.method);
    return static_cast<int>(exit_ok);
  });
}

int print_profile_adversary(const ProfileArguments& arguments, int bits, std::size_t dimension, const std::string& output, bool json) {
  return named(arguments, [&] {
    const Profile profile = read_profile(arguments.profile);
    const int b = bits_of(profile, bits);
    const ProfileAdversary worst = profile_adversary(profile, dimension, b, arguments.data_seed);
    ordered_json result = header(profile, b, "", dimension);
    result["family"] = worst.family;
    result["mse"] = enclosure_json(worst.error.mse, 10);
    result["times_4b"] = enclosure_json(ldexp(worst.error.mse, 2 * b), 10);
    result["bias"] = enclosure_json(worst.error.bias, 10);
    result["method"] = worst.error.method;
    if (json) {
      print_json(result);
    } else {
      print_header(profile, b, worst.family, dimension);
      fmt::print("{:<26} {}\n{:<26} {}\n{:<26} {}\n{:<26} {}\n", "worst " + std::string(mse_label), enclosure_text(result["mse"]), "times 4^b",
                 enclosure_text(result["times_4b"]), "|E x^ - x|/|x|", enclosure_text(result["bias"]), "method", worst.error.method);
    }
    std::fflush(stdout);  // what was found is said, whatever becomes of the file
    if (!output.empty()) {
      io::VectorWriter out(output, 1, dimension);
      out.append(worst.x.data(), 1);
      out.commit();
    }
    return static_cast<int>(exit_ok);
  });
}

namespace {

// Over the signs of a Hadamard rotation, for every x and every n that is padded to a length of this kind.
std::optional<Ball> bound_over_signs(const Profile& profile, std::size_t dimension, int b, std::uint64_t data_seed) {
  if (!rotates_by_signs(profile, dimension, b)) return std::nullopt;
  const std::optional<ProfileTable> table = normalised_table(profile, dimension, b, data_seed);
  if (!table) return std::nullopt;
  const std::optional<CodebookBound> bound = codebook_bound(table->codewords, table->thresholds);
  return bound ? std::optional<Ball>(bound->upper) : std::nullopt;
}

}  // namespace

int print_profile_bounds(const ProfileArguments& arguments, std::size_t dimension, bool json) {
  return named(arguments, [&] {
    const Profile profile = read_profile(arguments.profile);
    if (!json) {
      fmt::print("{}, dimension {}\n{:>2}  {:<28} {:<14} {:<14} {}\n", io::printable(profile.name), dimension, "b",
                 "worst error found", "given signs", "over signs", "on");
    }
    ordered_json rows = ordered_json::array();
    for (const int b : profile.bits) {
      const ProfileAdversary worst = profile_adversary(profile, dimension, b, arguments.data_seed);
      const auto text = [](const std::optional<Ball>& bound, int digits) {
        return bound ? bound->upper(digits) : std::string("not certified");
      };
      const auto value = [&](const std::optional<Ball>& bound) {
        return bound ? ordered_json(text(bound, 10)) : ordered_json(nullptr);
      };
      const std::optional<Ball> bound = profile_error_bound(profile, dimension, b, arguments.data_seed),
                                over_signs = bound_over_signs(profile, dimension, b, arguments.data_seed);
      ordered_json row = {{"bits", b}, {"found", enclosure_json(worst.error.mse, 10)}, {"family", worst.family}, {"method", worst.error.method}};
      row["upper"] = value(bound);
      row["upper_over_signs"] = value(over_signs);
      if (!json)
        fmt::print("{:>2}  {:<28} {:<14} {:<14} {}; {}\n", b, enclosure_text(enclosure_json(worst.error.mse, 8)),
                   text(bound, 8), text(over_signs, 8), worst.family, worst.error.method);
      rows.push_back(std::move(row));
    }
    if (json) {
      print_json({{"profile", io::printable(profile.name)}, {"dimension", dimension}, {"bounds", rows}});
    } else {
      fmt::print(
          "given signs: at most so much for every vector and every rotation of it, also for one that knows the "
          "rotation\n"
          "over signs: the mean over the signs is at most so much for every vector and every dimension "
          "(docs/profiles.md)\n");
    }
    return static_cast<int>(exit_ok);
  });
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
  in_parallel(jobs.size(), [&](std::size_t i) {
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
