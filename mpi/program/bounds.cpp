// hdq-mpi bounds: ranks certify quantizers in turns, rank 0 says what hdq bounds says (SPEC §5.5).
#include "bounds.hpp"

#include <fmt/format.h>

#include <memory>

#include "commands.hpp"
#include "files.hpp"
#include "hdq/figures/bounds.hpp"
#include "turns.hpp"

namespace hdq::mpi {
namespace {

using reference::BoundCertificate, reference::BoundedQuantizer, reference::Majorant, reference::Rational;

void put_rational(Bytes& bytes, const Rational& number) {
  const std::string text = number.str();
  put(bytes, std::span<const char>(text));
}
Rational get_rational(Parcel& parcel) {
  const std::vector<char> text = parcel.get_all<char>();
  return Rational(std::string(text.begin(), text.end()));
}

void put_terms(Bytes& bytes, const std::vector<Majorant::Term>& terms) {
  put(bytes, static_cast<std::uint64_t>(terms.size()));
  for (const Majorant::Term& term : terms) {
    put_rational(bytes, term.parameter);
    put_rational(bytes, term.coefficient);
  }
}
std::vector<Majorant::Term> get_terms(Parcel& parcel) {
  std::vector<Majorant::Term> terms;
  for (auto left = parcel.get<std::uint64_t>(); left > 0; --left) {
    Rational parameter = get_rational(parcel);
    terms.push_back({std::move(parameter), get_rational(parcel)});
  }
  return terms;
}

// The rationals of a certificate, in order.
template <class C, class Use>
void for_each_rational(C& c, const Use& use) {
  for (auto* number : {&c.sigma_squared, &c.kappa, &c.majorant.constant, &c.majorant.quadratic, &c.majorant.quartic,
                       &c.tail, &c.lower, &c.upper})
    use(*number);
}

Bytes bytes_of(const BoundCertificate& certificate) {
  Bytes bytes;
  put(bytes, certificate.levels);
  for_each_rational(certificate, [&](const Rational& number) { put_rational(bytes, number); });
  put_terms(bytes, certificate.majorant.cosh);
  put_terms(bytes, certificate.majorant.exp_square);
  return bytes;
}
BoundCertificate certificate_of(const Bytes& bytes) {
  Parcel parcel(bytes);
  BoundCertificate certificate;
  certificate.levels = parcel.get<std::int64_t>();
  for_each_rational(certificate, [&](Rational& number) { number = get_rational(parcel); });
  certificate.majorant.cosh = get_terms(parcel);
  certificate.majorant.exp_square = get_terms(parcel);
  return certificate;
}

int bounds(const Job& job, const cli::BoundsArguments& arguments) {
  std::vector<BoundedQuantizer> quantizers;
  std::size_t shipped_count = 0;
  job.together([&] {
    quantizers = arguments.quantizers();
    shipped_count = quantizers.size();
    if (arguments.asymptotics)
      for (const BoundedQuantizer& quantizer : figures::asymptotic_quantizers()) quantizers.push_back(quantizer);
    if (job.is_root() && !arguments.directory.empty())
      cli::make_directory(arguments.directory);  // known before the work
  });
  std::vector<BoundCertificate> certificates;
  run_in_turns(
      job, quantizers.size(),
      [&](std::uint64_t i) { return bytes_of(figures::certify({quantizers[static_cast<std::size_t>(i)]}, 1).front()); },
      [&](std::uint64_t, const Bytes& bytes) { certificates.push_back(certificate_of(bytes)); });
  job.together([&] {
    if (!job.is_root()) return;
    const auto end_of_shipped = certificates.begin() + static_cast<std::ptrdiff_t>(shipped_count);
    std::optional<std::vector<BoundCertificate>> asymptotic;
    if (arguments.asymptotics) asymptotic.emplace(end_of_shipped, certificates.end());
    cli::report_bounds(arguments, {certificates.begin(), end_of_shipped}, asymptotic, std::nullopt);
  });
  return cli::exit_ok;
}

}  // namespace

void add_bounds(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<cli::BoundsArguments>();
  cli::Command command =
      add_job_command(app, chosen, "bounds", "Certify a bracket of the worst error over all dimensions and vectors",
                      "mpirun -n 8 hdq-mpi bounds --bits 1..8 -o bounds", arguments, bounds);
  arguments->add_to(command);
}

}  // namespace hdq::mpi
