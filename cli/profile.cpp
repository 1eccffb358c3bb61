// hdq profile: the shipped profiles of other quantizers, and what a profile says (docs/profiles.md).
#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "files.hpp"
#include "hdq/io/text.hpp"
#include "hdq/reference/profile/profile_codebook.hpp"
#include "hdq/reference/profile/profile_rotation.hpp"
#include "profile_argument.hpp"

namespace hdq::cli {

using namespace hdq::reference;

Option add_profile(Command command, std::string& name_or_file) {
  return command.text("--profile", name_or_file, "A scheme of other conventions: a shipped profile (hdq profile list), or a JSON file (docs/profiles.md)")
      .show("NAME|FILE");
}

namespace {

struct Arguments {
  std::string action, profile;
  std::size_t dim = 0;
  int bits = 0;
};

int list() {
  for (const ShippedProfile& shipped : shipped_profiles()) {
    const Profile p = parse_profile(shipped.json);
    std::string bits;
    for (const int b : p.bits) bits += fmt::format("{}{}", bits.empty() ? "" : ",", b);
    fmt::print("{:<28} b = {:<16} {}\n", shipped.name, p.codebook ? bits : "-", p.source);
  }
  return exit_ok;
}

const char* step_name(const ProfileStep& step) {
  switch (step.kind) {
    case ProfileStep::Kind::signs: return "signs";
    case ProfileStep::Kind::permutation: return "permutation";
    case ProfileStep::Kind::hadamard: return "transform";
    case ProfileStep::Kind::matrix: return "matrix";
    case ProfileStep::Kind::kac: return "Kac step";
    case ProfileStep::Kind::scale: return "scale";
  }
  return "";
}

// The smallest offered n from 64 on, if no other is asked for.
std::size_t example_dimension(const Profile& p, int bits) {
  for (std::size_t n = 64; n <= 4096; ++n) {
    if (p.offers(n, bits)) return n;
  }
  return p.least;
}

// Data that the kernel exports: some that satisfy what they must, to see whether lengths fit.
std::vector<double> sample_data(const Profile& p, const std::string& name, std::size_t count) {
  const ProfileData& data = p.data.at(name);
  std::vector<double> values(count, 1.0);
  for (std::size_t i = 0; i < count; ++i) {
    if (data.kind == ProfileData::Kind::permutation || data.kind == ProfileData::Kind::codebook || data.kind == ProfileData::Kind::thresholds) {
      values[i] = static_cast<double>(i);
    }
  }
  return values;
}

void describe(const Profile& p, std::size_t n, int bits) {
  const std::size_t d = p.block_length(n, bits), blocks = p.blocks(n, bits);
  std::string steps;
  for (const ProfileStep& step : p.rotation) steps += fmt::format("{}{}", steps.empty() ? "" : ", ", step_name(step));
  fmt::print("{:<12} n = {}, b = {}: d = {}{}\n", "at", n, bits, d, blocks == 1 ? "" : fmt::format(" in each of {} blocks", blocks));
  fmt::print("{:<12} {}\n", "rotation", steps.empty() ? "none" : steps);
  for (const auto& [name, data] : p.data) {
    fmt::print("{:<12} {}: {} numbers, {}\n", "data", io::printable(name), evaluate_count(data.count, p.names(n, bits)),
               data.values.empty() ? "exported by the kernel" : "given here");
  }
  if (!p.codebook) return;
  std::string stored;
  for (const Stored which : p.stored) stored += fmt::format("{}{} {}", stored.empty() ? "" : ", ", p.stored_count(which, n, bits), stored_name(which));
  const std::size_t bytes = p.code_bytes(n, bits);
  fmt::print("{:<12} {} bytes of codes a row; beside them {}\n", "stored", bytes, stored.empty() ? "nothing" : stored);
}

int check(const Arguments& arguments) {
  const Profile p = read_profile(arguments.profile);
  const std::string where = io::printable(arguments.profile);
  const int bits = arguments.bits != 0 ? arguments.bits : p.bits.front();
  if (!p.offers_bits(bits)) throw BadInput(fmt::format("{}: bits: {} are not offered", where, bits));
  try {
    const std::size_t n = arguments.dim != 0 ? arguments.dim : example_dimension(p, bits);
    if (!p.offers(n, bits)) throw BadInput(fmt::format("{}: dimension: n = {} is not offered", where, n));
    const DataSource source = [&p, bits](const std::string& name, std::size_t count, std::uint64_t) {
      for (const int key : {bits, 0}) {
        if (const auto given = p.data.at(name).values.find(key); given != p.data.at(name).values.end()) return given->second;
      }
      return sample_data(p, name, count);
    };
    for (const auto& [name, data] : p.data) {
      for (const auto& [key, values] : data.values) {
        const std::string wrong = data_violation(data, values, bits);
        if (!wrong.empty()) throw BadProfile("data." + name + " " + wrong);
      }
    }
    const ProfileRotation rotation(p, n, bits, source);
    if (p.codebook && p.codebook->data.empty()) profile_table(p, n, bits, source);
    if (p.residual) evaluate(p.residual->factor, p.names(n, bits));
    evaluate(p.scale.times, p.names(n, bits));
    evaluate(p.factor.times, p.names(n, bits));
    describe(p, n, bits);
  } catch (const BadProfile& bad) {
    throw BadInput(where + ": " + io::printable(bad.what()));
  } catch (const std::invalid_argument& bad) {
    throw BadInput(where + ": " + io::printable(bad.what()));
  }
  fmt::print("{}: well-formed\n", where);
  return exit_ok;
}

int run(const Arguments& arguments) {
  if (arguments.action == "list") {
    if (!arguments.profile.empty()) throw UsageError("hdq profile list takes no profile");
    return list();
  }
  if (arguments.profile.empty()) throw UsageError("hdq profile " + arguments.action + " needs a profile: a name or a file");
  if (arguments.action == "check") return check(arguments);
  read_profile(arguments.profile);  // what is shown is a profile
  const std::string text = profile_text(arguments.profile);
  fmt::print("{}{}", text, text.ends_with('\n') ? "" : "\n");
  return exit_ok;
}

}  // namespace

void add_profile_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "profile", "List, show or check profiles: quantizers of other conventions", "hdq profile show turboquant-mse",
                                [arguments] { return run(*arguments); });
  command.text("ACTION", arguments->action, "list, show or check").one_of({"list", "show", "check"}).required();
  command.text("PROFILE", arguments->profile, "A shipped profile's name, or a JSON file");
  command.integer("--dim", arguments->dim, 1, std::size_t{1} << 20, "check: at this dimension");
  command.integer("--bits", arguments->bits, 1, 8, "check: at this bit width");
}

}  // namespace hdq::cli
