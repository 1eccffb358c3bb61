// hdq verify-certificate: the second, independent checkers of a uniform bound (SPEC §5.5) and of optimality (SPEC §5.10).
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "hdq/figures/verification.hpp"
#include "hdq/io/text.hpp"

namespace hdq::cli {
namespace {

constexpr int digits = 15;  // of no number that is printed

struct Arguments {
  std::vector<std::string> files;
  bool json = false;
};

void print_accepted(const nlohmann::ordered_json& result) {
  const auto claimed = [&](const char* end, Round round) {
    return decimal(reference::Rational(result["claimed"][end]["fraction"].get<std::string>()), 6, round);
  };
  const auto parameter = [&](const char* name) { return result[name]["fraction"].get<std::string>(); };
  const std::string file = result["file"].get<std::string>(), levels = result["levels"].dump();
  if (result.contains("kappa")) {
    fmt::print("{}: accepted: N = {}, sigma^2 = {}, kappa = {}: {} <= sup N^2 MSE <= {}\n", file, levels,
               parameter("sigma_squared"), parameter("kappa"), claimed("lower", Round::down),
               claimed("upper", Round::up));
  } else {
    fmt::print("{}: accepted: N = {}: {} <= N^2 MSE of any unbiased rule, flat x\n", file, levels,
               claimed("lower", Round::down));
  }
}

// Returns whether the certificate was accepted.
bool verify(const std::string& path, bool json) {
  const auto result =
      figures::verify_certificate(path, json ? figures::Notation::decimals(digits) : figures::Notation::exact(digits));
  const bool accepted = result["accepted"].get<bool>();
  if (json)
    print_json(result);
  else if (accepted)
    print_accepted(result);
  else
    fmt::print("{}: rejected: {}\n", io::printable(path), io::printable(result["reason"].get<std::string>()));
  std::fflush(stdout);
  return accepted;
}

int verify(const Arguments& arguments) {
  bool all = true;
  Progress progress("verifying", arguments.files.size());
  for (const std::string& path : arguments.files) {
    all = verify(path, arguments.json) && all;
    progress.advance(1);
  }
  return all ? exit_ok : exit_mismatch;
}

}  // namespace

void add_verify_certificate(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command =
      add_command(app, "verify-certificate", "Check certificates of bounds independently of how they were found",
                  "hdq verify-certificate bounds/b4.json", [arguments] { return verify(*arguments); });
  command.texts("FILE", arguments->files, "Certificates that hdq bounds wrote").required();
  command.flag("--json", arguments->json, "One JSON object per file");
}

}  // namespace hdq::cli
