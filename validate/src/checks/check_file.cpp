// A saved file loads as it was saved, and loads no more once any bit of it is flipped. And: the kernel's own error bound is one.
#include <fmt/format.h>

#include <cmath>

#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/uniform_constant.hpp"

namespace hdq::validate {
namespace {

using Bytes = std::vector<std::uint8_t>;

int first_bits(const Session& s) {
  for (const int bits : {3, 4, 2, 1, 5, 6, 7, 8}) {
    if (s.offers_bits(bits)) return bits;
  }
  return 1;
}

bool accepts(Session& s, const Config& config, std::size_t rows, const Bytes& file) {
  try {
    s.load(config, rows, file);
    return true;
  } catch (const Trouble& trouble) {
    // A refusal in other words is one too; a crash is not.
    if (trouble.reply.outcome == Outcome::bad_input || trouble.reply.outcome == Outcome::failed) return false;
    throw;
  }
}

void run_file(Session& s, const Report& report) {
  const std::size_t rows = 2;
  const Config config = s.config(13, first_bits(s), 77);
  Encoded e;
  const auto bytes = rows * s.code_bytes(config);
  for (std::size_t i = 0; i < rows; ++i) e.norms.push_back(1.5f + static_cast<float>(i));
  // Codes of the full width, unused bits 0.
  const std::size_t used = config.order * config.bits, stride = bytes / rows;
  for (std::size_t i = 0; i < bytes; ++i) {
    auto byte = static_cast<std::uint8_t>(s.random()());
    if (i % stride == used / 8) byte = static_cast<std::uint8_t>(byte & ((1 << (used % 8)) - 1));
    e.codes.push_back(byte);
  }
  Finding f;
  f.stage = Stage::file;
  f.config = config;
  f.defect = "corrupt-file-loads";
  const Bytes file = s.save(config, e);
  if (!(s.load(config, rows, file) == e)) {
    f.defect = "wrong-values";
    f.what = "what is loaded is not what was saved";
    report(f);
    return;
  }
  std::size_t accepted = 0, first = 0;
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    Bytes damaged = file;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ 1u << (bit % 8));
    if (accepts(s, config, rows, damaged) && accepted++ == 0) first = bit;
  }
  if (accepted > 0) {
    f.what = fmt::format("{} of {} files with one flipped bit load; the first has bit {} of byte {} flipped", accepted, file.size() * 8, first % 8, first / 8);
    report(f);
    return;
  }
  for (const std::size_t size : std::initializer_list<std::size_t>{std::size_t{0}, file.size() / 2, file.size() - 1, file.size() + 1}) {
    Bytes cut = file;
    cut.resize(size);
    if (!accepts(s, config, rows, cut)) continue;
    f.what = fmt::format("a file of {} bytes loads, its size was {}", size, file.size());
    report(f);
    return;
  }
}

void run_oracle(Session& s, const Report& report) {
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    if (!s.offers_bits(bits)) continue;
    const Config config = s.config(64, bits);
    double claim = 0;
    if (!s.answers([&] { claim = s.error_constant(config); })) continue;
    const double lower = uniform_constant_lower(bits), upper = uniform_constant_upper(bits);
    Finding f;
    f.stage = Stage::oracle;
    f.config = config;
    f.defect = "wrong-oracle";
    if (!(claim >= lower)) {
      f.what = fmt::format("the error bound {:.6g}·4^-{} is exceeded: flat vectors reach {:.6g}·4^-{}", claim, bits, lower, bits);
    } else if (claim > 1.05 * upper) {
      f.what = fmt::format("the error bound {:.6g}·4^-{} is {:.3g} times the certified one, {:.6g}·4^-{}: it would let defects pass", claim, bits,
                           claim / upper, upper, bits);
    } else {
      continue;
    }
    report(std::move(f));
  }
}

}  // namespace

const Check file_check{"file", "every flipped bit of a saved file is noticed",
                       [](const Session& s) { return s.offers(Operation::save) && s.offers(Operation::load); }, run_file};
const Check oracle_check{"error-constant", "the kernel's own error bound holds and is no more than 5 % above the certified one",
                         [](const Session& s) { return s.conformant() && s.offers(Operation::error_constant); }, run_oracle};

}  // namespace hdq::validate
