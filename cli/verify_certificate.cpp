// hdq verify-certificate: the second, independent checkers of a uniform bound (SPEC §5.5) and of optimality (SPEC §5.10).
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "hdq/io/input.hpp"
#include "hdq/io/text.hpp"
#include "hdq/reference/bounds/certificate_checker.hpp"
#include "hdq/reference/bounds/optimality_checker.hpp"

namespace hdq::cli {
namespace {

struct Arguments {
  std::vector<std::string> files;
  bool json = false;
};

// The reports return whether the certificate was accepted.
bool report(const std::string& path, const reference::CertificateVerdict& v, bool json) {
  if (json) {
    const nlohmann::ordered_json fields = {{"file", io::printable(path)},
                                           {"accepted", v.accepted},
                                           {"reason", v.reason},
                                           {"levels", v.levels},
                                           {"sigma_squared", v.sigma_squared},
                                           {"kappa", v.kappa},
                                           {"claimed", {{"lower", v.lower}, {"upper", v.upper}}},
                                           {"proved", {{"lower", v.proved_lower}, {"upper", v.proved_upper}}},
                                           {"cells", v.cells}};
    print_json(fields);
  } else if (v.accepted) {
    fmt::print("{}: accepted: N = {}, sigma^2 = {}, kappa = {}: {} <= sup N^2 MSE <= {}\n", io::printable(path),
               v.levels, v.sigma_squared, v.kappa, decimal(reference::Rational(v.claimed_lower), 6, Round::down),
               decimal(reference::Rational(v.claimed_upper), 6, Round::up));
  }
  return v.accepted;
}

bool report(const std::string& path, const reference::OptimalityVerdict& v, bool json) {
  if (json) {
    const nlohmann::ordered_json fields = {{"file", io::printable(path)},
                                           {"accepted", v.accepted},
                                           {"reason", v.reason},
                                           {"levels", v.levels},
                                           {"claimed", {{"lower", v.lower}}},
                                           {"proved", {{"lower", v.proved_lower}}},
                                           {"cells", v.cells}};
    print_json(fields);
  } else if (v.accepted) {
    fmt::print("{}: accepted: N = {}: {} <= N^2 MSE of any unbiased rule, flat x\n", io::printable(path), v.levels,
               decimal(reference::Rational(v.claimed_lower), 6, Round::down));
  }
  return v.accepted;
}

bool verify(const std::string& path, bool json) {
  const auto judge = [&](const auto& verdict) {
    const bool accepted = report(path, verdict, json);
    if (!accepted && !json) fmt::print("{}: rejected: {}\n", io::printable(path), io::printable(verdict.reason));
    std::fflush(stdout);
    return accepted;
  };
  try {
    const std::string text = io::read_text(path, reference::largest_certificate);
    if (reference::certificate_format(text) == reference::optimality_format)
      return judge(reference::check_optimality(text));
    return judge(reference::check_certificate(text));
  } catch (const reference::MalformedCertificate& malformed) {
    throw BadInput(path + ": " + malformed.what());
  }
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
